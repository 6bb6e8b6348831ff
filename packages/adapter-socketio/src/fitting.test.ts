import { describe, expect, it } from 'vitest';
import { fitting, mostBytes } from './fitting.ts';
import type { SocketLike } from './socket-like.ts';

/** A connection whose server has stated that it takes so many bytes; undefined: there is none yet. */
const socketOf = (engine?: { readonly _maxPayload?: number }): SocketLike =>
  ({ io: { ...(engine && { engine }) } }) as SocketLike;

const frame = (r: number, length: number): string =>
  JSON.stringify({ t: 'publish', r, c: 'room', d: 'x'.repeat(length) });

/** What goes out of `frames`, which were one message, and what is answered here. */
async function sent(
  max: number | undefined,
  ...frames: readonly string[]
): Promise<{ parts: readonly string[]; answers: unknown[] }> {
  const answers: unknown[] = [];
  const received = (text: unknown): void => void answers.push(JSON.parse(String(text)));
  const socket = socketOf(max === undefined ? {} : { _maxPayload: max });
  const parts = fitting(frames.join('\n'), socket, { received });
  expect(answers).toEqual([]); // not before the call that sends has returned
  await Promise.resolve();
  return { parts, answers };
}

describe('what a server takes', () => {
  it('is what its handshake states; 0, nothing, or no connection is no limit', () => {
    expect(mostBytes(socketOf({ _maxPayload: 4_000 }))).toBe(4_000);
    for (const engine of [{ _maxPayload: 0 }, {}, undefined])
      expect(mostBytes(socketOf(engine))).toBe(Infinity);
  });
});

describe('a transport message', () => {
  it('of 3 frames that fit goes as it is', async () => {
    const frames = [1, 2, 3].map((r) => frame(r, 100));
    expect(await sent(4_000, ...frames)).toEqual({ parts: [frames.join('\n')], answers: [] });
    expect((await sent(undefined, frame(1, 1_000_000))).parts).toHaveLength(1);
  });

  it('of 3 frames that do not fit together goes as 3', async () => {
    const frames = [1, 2, 3].map((r) => frame(r, 1_500));
    expect(await sent(4_000, ...frames)).toEqual({ parts: frames, answers: [] });
  });

  it('has its one frame that is too large answered here, and the other 2 sent', async () => {
    const frames = [frame(1, 100), frame(2, 5_000), frame(3, 100)];
    const { parts, answers } = await sent(4_000, ...frames);
    expect(parts).toEqual([frames[0], frames[2]]);
    expect(answers).toEqual([
      {
        ...{ t: 'error', r: 2, c: 'room', code: 'payload_too_large' },
        message: 'the frame has more than the 4000 bytes that Socket.IO lets through',
      },
    ]);
  });

  it('is measured in bytes as JSON: signs of 3 bytes count 3, quotes and backslashes twice', async () => {
    const of = (text: string): string => JSON.stringify({ r: 1, d: text });
    expect((await sent(3_300, of('€'.repeat(1_000)))).parts).toHaveLength(1);
    expect((await sent(3_200, of('€'.repeat(1_000)))).parts).toHaveLength(0);
    // In the frame a quote is 2 signs already, and each of them is 2 in the packet.
    expect((await sent(4_300, of('"'.repeat(1_000)))).parts).toHaveLength(1);
    expect((await sent(4_200, of('"'.repeat(1_000)))).parts).toHaveLength(0);
  });
});
