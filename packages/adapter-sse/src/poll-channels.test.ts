import type { ServerFrame } from '@anywire/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { createPollChannels, type Control, type PollChannels } from './poll-channels.ts';

let channels: PollChannels;
let broken: string[];
beforeEach(() => {
  broken = [];
  channels = createPollChannels('nonce-ann', (why) => broken.push(why));
});

const hear = (frame: object, control?: object): unknown[] =>
  channels.heard(frame as ServerFrame, control as Control | undefined);

const attached = (r: number, more: object = {}): object => ({
  ...{ t: 'attached', r, c: 'room', continuity: 'initial', cursor: 'e1:4:x', backlog: false },
  ...more,
});
const kept = (more: object = {}): object => attached(1, { continuity: 'kept', ...more });
const message = (s: number | undefined, i: string): object => ({ t: 'message', c: 'room', s, i });

/** The session has attached, and was answered. */
function attach(more: object = {}, answer: object = {}): void {
  const control = { t: 'attach', r: 1, c: 'room', echo: true, ...more };
  const frame = attached(1, answer);
  expect(hear(frame, control)).toEqual([frame]);
}

const said = (...controls: object[]): unknown[] =>
  JSON.parse(JSON.stringify(channels.frames(controls as Control[]))) as unknown[];

describe('the cursor', () => {
  it('is that of the attach, and moves with messages, not with volatile ones', () => {
    attach();
    expect(said()).toEqual([{ t: 'attach', r: 1, c: 'room', cursor: 'e1:4:x', echo: true }]);
    hear(message(5, 'nonce-bob:7'));
    hear(message(undefined, 'nonce-bob:8'));
    expect(said()).toMatchObject([{ cursor: 'e1:5:nonce-bob:7' }]);
  });

  it('is that of the attach again once its backlog is complete', () => {
    attach({ rewind: 2 }, { backlog: true, cursor: 'e1:9:z' });
    hear(message(8, 'a'));
    expect(said()).toMatchObject([{ cursor: 'e1:8:a' }]);
    hear(kept({ cursor: 'e1:12:q' }));
    expect(said()).toMatchObject([{ cursor: 'e1:12:q' }]);
  });
});

describe('a later attach that the session does not know of', () => {
  it('is kept from it, with the end of its backlog', () => {
    attach();
    expect(hear(kept({ backlog: true }))).toEqual([]);
    const missed = message(5, 'nonce-bob:7');
    expect(hear(missed)).toEqual([missed]);
    expect(hear({ t: 'replayed', c: 'room' })).toEqual([]);
  });

  it('does not hide the end of a backlog that the session waits for', () => {
    attach({ rewind: 2 }, { backlog: true });
    hear(message(3, 'a'));
    expect(hear(kept())).toEqual([{ t: 'replayed', c: 'room' }]);
    expect(hear(kept())).toEqual([]);
  });

  it('holds back our own messages where there is no echo, and goes on after them', () => {
    attach({ echo: false });
    hear(kept({ backlog: true }));
    expect(hear(message(5, 'nonce-ann:7'))).toEqual([]);
    expect(hear(message(6, 'nonce-anna:7'))).toHaveLength(1);
    expect(hear(message(7, 'nonce-ann:8'))).toEqual([]);
    expect(said()).toMatchObject([{ cursor: 'e1:7:nonce-ann:8', echo: false }]);
  });

  it('shows our own messages in a rewind, where there is no echo', () => {
    attach({ echo: false, rewind: 2 }, { backlog: true });
    expect(hear(message(3, 'nonce-ann:7'))).toHaveLength(1);
  });

  it.each(['lost', 'initial'])('that says %s ends the pipe', (continuity) => {
    attach();
    expect(broken).toEqual([]);
    hear(kept({ continuity, reason: 'another epoch' }));
    expect(broken).toEqual(['another epoch']);
  });

  it('that is refused ends the attachment', () => {
    attach();
    const refusal = { code: 'forbidden', message: 'not any more', retryAfterMs: 5 };
    expect(hear({ t: 'error', r: 1, c: 'room', ...refusal })).toEqual([
      { t: 'detached', c: 'room', ...refusal },
    ]);
    expect([said(), channels.size]).toEqual([[], 0]);
  });
});

describe('the member', () => {
  it('enters with each exchange, with its newest data, and not any more once it has left', () => {
    attach({ presence: 'enter', d: { n: 1 } });
    expect(said()).toMatchObject([{ t: 'attach', presence: 'enter', d: { n: 1 } }]);
    const update = { t: 'update', r: 2, c: 'room', d: { n: 2 } };
    expect(said(update)).toMatchObject([{ d: { n: 1 } }]);
    expect(hear({ t: 'ok', r: 2 }, update)).toEqual([{ t: 'ok', r: 2 }]);
    expect(said()).toMatchObject([{ presence: 'enter', d: { n: 2 } }]);
    const leave = { t: 'leave', r: 3, c: 'room' };
    expect(said(leave)).toEqual([
      { t: 'attach', r: 1, c: 'room', cursor: 'e1:4:x', presence: 'watch', echo: true },
    ]);
    hear({ t: 'ok', r: 3 }, leave);
    expect(said()).toMatchObject([{ presence: 'watch' }]);
    expect(channels.farewell()).toEqual([]);
  });

  it('stays what it was when a change of it is refused', () => {
    attach({ presence: 'enter', d: 1 });
    const update = { t: 'update', r: 2, c: 'room', d: 2 };
    const refusal = { t: 'error', r: 2, c: 'room', code: 'forbidden', message: 'no' };
    expect(hear(refusal, update)).toEqual([refusal]);
    expect([said(), channels.size]).toMatchObject([[{ d: 1 }], 1]);
  });

  it('of a channel that is not watched enters by a frame of its own, unheard', () => {
    attach();
    hear({ t: 'ok', r: 2 }, { t: 'enter', r: 2, c: 'room', d: 1 });
    expect(said()).toEqual([
      { t: 'attach', r: 1, c: 'room', cursor: 'e1:4:x', echo: true },
      { t: 'enter', r: 2, c: 'room', d: 1 },
    ]);
    expect(hear({ t: 'ok', r: 2 })).toEqual([]);
  });

  it('leaves for good with a detach', () => {
    attach({ presence: 'enter', d: 1 });
    expect(channels.farewell()).toEqual([{ t: 'detach', r: 1, c: 'room' }]);
  });
});

describe('members', () => {
  it.each(['sync', 'presence', 'changes'])('that came by %s are known by their version', (t) => {
    attach({ presence: 'watch' });
    expect(said()).not.toMatchObject([{ v: 'v1' }]);
    const frame = { t, c: 'room', v: 'v1' };
    expect(hear(frame)).toEqual([frame]);
    hear({ t, c: 'room' });
    expect(said()).toMatchObject([{ v: 'v1' }]);
  });
});

describe('a set of members', () => {
  it('is known by its version, and one without any is no news', () => {
    attach({ presence: 'watch' });
    const knows = (frame: object): boolean => channels.knows(frame as ServerFrame);
    const sync = { t: 'sync', c: 'room', v: 'v1' };
    expect([knows(sync), knows({ t: 'sync', c: 'room' })]).toEqual([false, true]);
    hear(sync);
    expect([knows(sync), knows({ ...sync, v: 'v2' })]).toEqual([true, false]);
    expect(knows({ t: 'presence', c: 'room', v: 'v1' })).toBe(false);
  });
});

describe('a request of the session', () => {
  it('takes the place of the attach that would be said again', () => {
    attach();
    for (const t of ['attach', 'detach']) expect(said({ t, r: 9, c: 'room' })).toEqual([]);
    expect(said({ t: 'detach', r: 9, c: 'other' })).toHaveLength(1);
  });

  it('that detaches ends what is said again, also when it follows its attach', () => {
    const detach = { t: 'detach', r: 2, c: 'room' };
    attach();
    expect(hear({ t: 'ok', r: 2 }, detach)).toEqual([{ t: 'ok', r: 2 }]);
    expect([said(), channels.size]).toEqual([[], 0]);
  });

  it('that was refused to attach leaves nothing attached', () => {
    attach();
    const refusal = { t: 'error', r: 2, c: 'room', code: 'forbidden', message: 'no' };
    expect(hear(refusal, { t: 'attach', r: 2, c: 'room' })).toEqual([refusal]);
    expect(channels.size).toBe(0);
  });
});

it('hands on what it knows nothing of, and nothing of a channel that is not attached', () => {
  const refusal = { t: 'error', r: 0, code: 'auth_failed', message: 'no' };
  for (const frame of [refusal, { t: 'error', code: 'x', message: '' }, { t: 'bye' }])
    expect(hear(frame)).toEqual([frame]);
  expect(hear(message(1, 'a'))).toEqual([]);
  attach();
  expect(hear({ t: 'detached', c: 'room' })).toHaveLength(1);
  expect(channels.size).toBe(0);
});
