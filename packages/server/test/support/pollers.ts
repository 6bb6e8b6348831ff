/** Clients that poll by hand, in virtual time: one exchange at a time, as a test asks for it. */
import type { ClientFrame, ServerFrame } from '@anywire/protocol';
import { expect } from 'vitest';
import type { TestServer } from './pipes.ts';
import { ndjson } from './streams.ts';

export type Frames = readonly (ServerFrame & Record<string, unknown>)[];

export interface Poller {
  /** An exchange. @param waitMs - @default 0 */
  ask(frames: readonly ClientFrame[], waitMs?: number, signal?: AbortSignal): Promise<Frames>;
}

/** A client that polls by hand: what it knows is the `resume` of its first answer. */
export function poller(
  { server }: TestServer,
  token?: string,
  nonce = `nonce-of-${token}`,
): Poller {
  let resume: string | undefined;
  return {
    async ask(frames, waitMs = 0, signal) {
      const first = { t: 'connect', r: 0, nonce, instance: 'tab', resume };
      const response = await server.fetch(
        new Request(`http://example.com/anywire/poll?waitMs=${waitMs}`, {
          method: 'POST',
          headers: {
            'Content-Type': ndjson,
            ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
          },
          body: [first, ...frames].map((frame) => JSON.stringify(frame)).join('\n'),
          ...(signal && { signal }),
        }),
      );
      if (response.status === 204) return [];
      expect(response.status).toBe(200);
      const text = await response.text();
      const answer = text.split('\n').map((line) => JSON.parse(line) as Frames[number]);
      const [connected] = answer;
      if (connected?.t === 'connected') resume = connected.resume;
      return answer;
    },
  };
}

export const attach = (extra: object = {}, c = 'room', r = 1): ClientFrame => ({
  t: 'attach',
  r,
  c,
  ...extra,
});
export const types = (frames: Frames): string[] => frames.map(({ t }) => t);
export const cursorIn = (frames: Frames): string =>
  frames.find((frame) => frame.t === 'attached')?.['cursor'] as string;
export const versionIn = (frames: Frames): unknown =>
  frames.findLast(({ v }) => v !== undefined)?.['v'];

/** The exchange that was begun has been read, and listens. */
export async function heard({ settle }: TestServer['clock']): Promise<void> {
  for (let n = 0; n < 6; n++) await settle();
}
