/**
 * One exchange of long polling: a whole connection in one request, and its answer.
 *
 * @see docs/protocol.md#http · poll-pipe.ts
 */
import type { ConnectFrame, ServerFrame } from '@anywire/protocol';
import type { PipeEvents } from '@anywire/protocol/client';
import type { Endpoint } from './endpoint.ts';
import { framesType, isOfType, refusal, type Ended } from './refusal.ts';

/** A frame of the answer, and the text that it was. */
export interface Heard {
  readonly frame: ServerFrame;
  readonly line: string;
}

/**
 * Sends `connect` and `lines`. Resolves with the frames of the answer, without its `connected`; undefined where it was
 * refused: then `ended` was told.
 *
 * @param waitMs - How long the server may wait for something to say.
 * @param connected - Told of the answer to `connect`.
 */
export async function exchange(
  endpoint: Endpoint,
  events: PipeEvents,
  {
    connect,
    lines,
    waitMs,
    signal,
    connected,
    ended,
  }: {
    readonly connect: ConnectFrame;
    readonly lines: readonly string[];
    readonly waitMs: number;
    readonly signal: AbortSignal;
    connected(heard: Heard): void;
    ended(info: Ended): void;
  },
): Promise<readonly Heard[] | undefined> {
  const address = endpoint.address('/poll', `waitMs=${waitMs}`);
  const body = [JSON.stringify(connect), ...lines].join('\n');
  const response = await endpoint.post(address, body, { signal });
  if (response.status !== 200 || !isOfType(response, framesType)) {
    ended(await refusal(response, endpoint, events));
    return undefined;
  }
  const answers: Heard[] = [];
  for (const line of (await response.text()).split('\n')) {
    if (!line) continue;
    const heard = { line, frame: JSON.parse(line) as ServerFrame };
    if (heard.frame.t === 'connected') connected(heard);
    else answers.push(heard);
  }
  return answers;
}
