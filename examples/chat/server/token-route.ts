/** `POST /token`: reads a small JSON body and answers with a grant, or with a sentence that says why not. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Refused, type Tokens } from './tokens.ts';

/** More than a name, an id and a key ever need. */
const maxBodyBytes = 4_096;

export async function answerToken(
  tokens: Tokens,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const grant = await tokens.grant(await readJson(request));
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(JSON.stringify(grant));
  } catch (error) {
    const isRefused = error instanceof Refused;
    if (!isRefused) console.error(error);
    response.writeHead(isRefused ? error.status : 500, {
      'content-type': 'text/plain; charset=utf-8',
    });
    response.end(isRefused ? error.message : 'The server failed; please try again.');
  }
}

/** Only `application/json`: a form of another site cannot send that without being asked first. */
async function readJson(request: IncomingMessage): Promise<unknown> {
  if (request.method !== 'POST') throw new Refused(405, 'Please POST.');
  if (!request.headers['content-type']?.startsWith('application/json'))
    throw new Refused(415, 'Please send JSON.');
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > maxBodyBytes) throw new Refused(413, 'Too long.');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    throw new Refused(400, 'This is not JSON.');
  }
}
