import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { testServer } from '../test/support/pipes.ts';
import { socketServer } from '../test/support/sockets.ts';
import { ndjson, over, streaming } from '../test/support/streams.ts';

const connectLine = '{"t":"connect","r":0,"nonce":"nonce-of-eve","instance":"x"}';

describe('a request whose client goes in the middle of its body', () => {
  it('is no error of the server: 20 of them on a port leave no line in the log', async () => {
    const lines: string[] = [];
    const it0 = await socketServer({
      log: (level, text) => {
        if (level !== 'debug' && level !== 'info') lines.push(`${level} ${text}`);
      },
    });
    const cut = async (): Promise<void> => {
      const socket = connect(it0.port, '127.0.0.1');
      socket.on('error', () => {});
      const begun = new Promise<void>((resolve) => it0.http.once('request', () => resolve()));
      socket.write(
        `POST /anywire/poll HTTP/1.1\r\nHost: x\r\nContent-Type: ${ndjson}\r\nContent-Length: 900\r\n\r\n${connectLine}`,
      );
      await begun;
      socket.destroy();
      await new Promise((resolve) => socket.once('close', resolve));
    };
    for (let n = 0; n < 20; n++) await cut();
    // A request of its own, so that the server has seen the ends before it.
    await fetch(`http://127.0.0.1:${it0.port}/anywire/healthz`);
    expect(lines).toEqual([]);
    await it0.close();
  });

  it('is no error of the server over fetch either', async () => {
    const { server, logs } = testServer();
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(connectLine));
        controller.error(new Error('cut'));
      },
    });
    const headers = { 'Content-Type': ndjson };
    const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
    expect((await over(server.fetch)('/poll', init)).status).toBe(400);
    expect(logs.filter((line) => /^(error|warn)/.test(line))).toEqual([]);
    await server.close();
  });

  it('and that has the whole body already is answered, and nobody waits', async () => {
    const { server, clock } = testServer();
    const headers = { 'Content-Type': ndjson };
    const abort = new AbortController();
    // The body ends in the moment in which its client goes.
    const body = new ReadableStream({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode(connectLine));
        controller.close();
        abort.abort();
      },
    });
    const init = { method: 'POST', headers, body, signal: abort.signal, duplex: 'half' };
    await over(server.fetch)('/poll?waitMs=20000', init);
    expect(server.stats().connections).toBe(0);
    await server.close();
    expect(clock.pending).toBe(0);
  });
});

describe('a body that is too long, sent to a session', () => {
  const long = (
    session: string,
    server: { fetch(request: Request): Promise<Response> },
    token?: string,
  ) =>
    over(server.fetch)(`/sse/${session}`, {
      method: 'POST',
      headers: { 'Content-Type': ndjson, ...(token && { Authorization: `Bearer ${token}` }) },
      body: 'x'.repeat(131_073),
    });

  it('ends it with 1009, for what was in it is lost', async () => {
    const { server } = testServer();
    const ann = await streaming(over(server.fetch), 'ann');
    expect((await long(ann.session, server, 'ann')).status).toBe(413);
    expect(await ann.closed).toMatchObject({ code: 1009 });
    await server.close();
  });

  it.each([undefined, 'eve'])('by token %s, which is not its own, ends nothing', async (token) => {
    const { server } = testServer();
    const ann = await streaming(over(server.fetch), 'ann');
    expect((await long(ann.session, server, token)).status).toBe(413);
    expect(await ann.attach('room')).toBeDefined();
    await server.close();
  });
});
