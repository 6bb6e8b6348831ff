import { RealtimeError } from '@anywire/core/errors';
import { virtualClock } from '@anywire/testkit/clock';
import { describe, expect, it } from 'vitest';
import type { Engine, EngineHost } from './engine.ts';
import { watchEngine } from './engine-watch.ts';
import { noMembers } from './member-set.ts';
import { memory } from './memory.ts';

const query = { direction: 'forwards', limit: 0, maxBytes: 1 } as const;
const host = { retention: () => ({ size: 1, ttlMs: 1 }) } as unknown as EngineHost;

function watched(given: Partial<Engine> = {}): ReturnType<typeof watchEngine> & {
  clock: ReturnType<typeof virtualClock>;
} {
  const clock = virtualClock();
  return { clock, ...watchEngine({ ...memory(), ...given }, clock) };
}

describe('a watched engine', () => {
  it('is starting until it has opened, and ok from then on', async () => {
    let ready = (): void => {};
    const { open, state } = watched({ open: () => new Promise<void>((done) => (ready = done)) });
    const opening = open(host);
    expect(open(host)).toBe(opening);
    expect(state()).toBe('starting');
    ready();
    await opening;
    expect(state()).toBe('ok');
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no disk');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no disk'))],
  ])('that %s when it opens is failing for good', async (_, open: () => Promise<void>) => {
    const engine = watched({ open });
    await expect(engine.open(host)).rejects.toThrow('no disk');
    await engine.clock.advance(60_000);
    expect(engine.state()).toBe('failing');
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no disk');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no disk'))],
  ])('that %s once is failing for 10 s', async (_, read: () => Promise<never>) => {
    const { engine, open, state, clock } = watched({ read });
    await open(host);
    await expect((async () => engine.read('room', query))()).rejects.toThrow('no disk');
    expect(state()).toBe('failing');
    await clock.advance(9_999);
    expect(state()).toBe('failing');
    await clock.advance(1);
    expect(state()).toBe('ok');
  });

  it('that answers again is ok at once', async () => {
    const answers = [Promise.reject(new Error('locked')), Promise.resolve(noMembers)];
    const { engine, open, state } = watched({ members: () => answers.shift() ?? noMembers });
    await open(host);
    await expect(engine.members('room')).rejects.toThrow('locked');
    expect(state()).toBe('failing');
    await engine.members('room');
    expect(state()).toBe('ok');
  });

  it('is not failing because it refused a call, and is because it could not answer one', async () => {
    let code: 'invalid' | 'server_error' = 'invalid';
    const append = (): never => {
      throw new RealtimeError(code, 'no');
    };
    const { engine, open, state } = watched({ append });
    await open(host);
    const draft = { id: 'a:1', timestamp: 0, tail: '' };
    expect(() => engine.append('room', draft)).toThrow('no');
    expect(state()).toBe('ok');
    code = 'server_error';
    expect(() => engine.append('room', draft)).toThrow('no');
    expect(state()).toBe('failing');
  });

  it('passes every argument on, with the engine as `this`', () => {
    const heard: unknown[] = [];
    const { engine } = watched({
      enter(...args) {
        heard.push(this.name, ...args);
        return 'entered';
      },
    });
    const member = { clientId: 'a', instanceId: 'i', connectionId: 'c', hold: 'c', data: '1' };
    expect(engine.enter('room', member, 5)).toBe('entered');
    expect(heard).toEqual(['memory', 'room', member, 5]);
  });
});
