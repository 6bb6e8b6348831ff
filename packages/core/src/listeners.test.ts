import { describe, expect, it } from 'vitest';
import { message } from '../test/client.ts';
import type { Message } from './api.ts';
import { Listeners } from './listeners.ts';
import { toMessage } from './message.ts';

const live = (serial: number, more = {}): Message => toMessage('room', message(serial, more));
const old = (serial: number, more = {}): Message => live(serial, { replayed: true, ...more });

function setup(): {
  listeners: Listeners;
  thrown: unknown[];
  log: unknown[];
  note: (m: Message) => void;
} {
  const thrown: unknown[] = [];
  const log: unknown[] = [];
  return {
    listeners: new Listeners((error) => thrown.push(error)),
    thrown,
    log,
    note: (m) => log.push(m.data),
  };
}

describe('Listeners', () => {
  it('gives a message to those of its event and to those of every event, each once', () => {
    const { listeners, log } = setup();
    listeners.add('e', () => log.push('e'));
    listeners.add('other', () => log.push('other'));
    listeners.add(undefined, () => log.push('any'));
    listeners.dispatch(live(1));
    expect(log).toEqual(['e', 'any']);
  });

  it('calls the other 2 when the first of 3 throws', () => {
    const { listeners, log, thrown, note } = setup();
    const mine = new Error('mine');
    listeners.add('e', () => {
      throw mine;
    });
    listeners.add('e', note);
    listeners.add(undefined, note);
    listeners.dispatch(live(1));
    expect(log).toEqual([1, 1]);
    expect(thrown).toEqual([mine]);
  });

  it('removes one of 2 equal functions, and only once', () => {
    const { listeners, log, note } = setup();
    const first = listeners.add('e', note);
    listeners.add('e', note);
    listeners.remove(first);
    listeners.remove(first);
    listeners.dispatch(live(1));
    expect(log).toEqual([1]);
  });

  it('keeps nothing of a listener that was removed', () => {
    const { listeners, note } = setup();
    const all = [listeners.add('e', note), listeners.add(undefined, note, 5)];
    expect([listeners.areLive, listeners.held().length]).toEqual([true, 1]);
    for (const registration of all) listeners.remove(registration);
    expect([listeners.areLive, listeners.held().length]).toEqual([false, 0]);
  });

  it('does not call a listener that an earlier one has removed meanwhile', () => {
    const { listeners, log, note } = setup();
    listeners.add('e', () => listeners.remove(second));
    const second = listeners.add('e', note);
    listeners.dispatch(live(1));
    expect(log).toEqual([]);
  });

  it('does not give a message to a listener that was added while it was dispatched', () => {
    const { listeners, log, note } = setup();
    listeners.add('e', () => void listeners.add('e', note));
    listeners.dispatch(live(1));
    expect(log).toEqual([]);
  });

  it('takes `__proto__` and `constructor` for names of events like any other', () => {
    const { listeners, log } = setup();
    listeners.add('__proto__', () => log.push('proto'));
    listeners.dispatch(live(1, { event: 'constructor' }));
    listeners.dispatch(live(2, { event: '__proto__' }));
    expect(log).toEqual(['proto']);
  });
});

describe('Listeners that rewind', () => {
  it('hold live messages 4 and 5 back until the backlog 1 to 3 was delivered', () => {
    const { listeners, log, note } = setup();
    const registration = listeners.add('e', note, 10);
    listeners.dispatch(live(4));
    listeners.dispatch(live(5));
    expect(log).toEqual([]);
    listeners.release(registration, [old(1), old(2), old(3)]);
    listeners.dispatch(live(6));
    expect(log).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('deliver live messages that are in the backlog too only once', () => {
    const { listeners, log, note } = setup();
    const registration = listeners.add('e', note, 10);
    for (const serial of [2, 3, 4]) listeners.dispatch(live(serial));
    listeners.release(registration, [old(1), old(2), old(3)]);
    expect(log).toEqual([1, 2, 3, 4]);
  });

  it('compare ids where there are no serials', () => {
    const { listeners, log, note } = setup();
    const registration = listeners.add('e', note, 10);
    const none = { serial: undefined };
    listeners.dispatch({ ...live(2), ...none });
    listeners.dispatch({ ...live(3), ...none });
    listeners.release(registration, [
      { ...old(1), ...none },
      { ...old(2), ...none },
    ]);
    expect(log).toEqual([1, 2, 3]);
  });

  it('lose no live message when more than n came before the backlog of n = 2', () => {
    const { listeners, log, note } = setup();
    const registration = listeners.add('e', note, 2);
    for (const serial of [5, 6, 7]) listeners.dispatch(live(serial));
    listeners.release(registration, [old(6), old(7)]);
    expect(log).toEqual([5, 6, 7]);
  });

  it('get what came before a loss first, though serials start anew: 2, then 1 of the next epoch', () => {
    const { listeners, log, note } = setup();
    const registration = listeners.add('e', note, 2);
    listeners.dispatch(live(2));
    listeners.restart();
    listeners.dispatch(live(1, { id: 'n:1', data: 'next' }));
    listeners.release(registration, [old(1, { id: 'n:1', data: 'next' })]);
    expect(log).toEqual([2, 'next']);
  });

  it('get what came before a loss once, where the backlog has it, too', () => {
    const { listeners, log, note } = setup();
    const registration = listeners.add('e', note, 3);
    const second = { id: undefined, cursor: 'c2' };
    listeners.dispatch({ ...live(2), ...second });
    listeners.restart();
    listeners.release(registration, [old(1), { ...old(2), ...second }, old(3)]);
    expect(log).toEqual([1, 2, 3]);
  });

  it('get a volatile message where it came, after the one before it', () => {
    const { listeners, log, note } = setup();
    const registration = listeners.add('e', note, 2);
    for (const message of [live(2), live(3), live(9, { serial: undefined })])
      listeners.dispatch(message);
    listeners.release(registration, [old(2), old(3)]);
    expect(log).toEqual([2, 3, 9]);
  });

  it('hear not again what their rewind brought: by id over a loss, by serial until one', () => {
    const { listeners, log, note } = setup();
    const registration = listeners.add('e', note, 2);
    const foreign = { id: undefined };
    listeners.release(registration, [old(1), old(2, foreign)], true);
    listeners.dispatch(live(2, foreign));
    listeners.restart();
    for (const message of [live(1), live(2, { ...foreign, cursor: 'n2', data: 'new' })])
      listeners.dispatch(message);
    expect(log).toEqual([1, 2, 'new']);
  });

  it('forget what their rewind brought after 1,024 messages', () => {
    const { listeners, log, note } = setup();
    listeners.release(listeners.add('e', note, 1), [old(1)], true);
    for (let serial = 2; serial <= 1_024; serial += 1) listeners.dispatch(live(serial));
    listeners.dispatch(live(1));
    expect(log).toHaveLength(1_024);
    listeners.dispatch(live(1));
    expect(log).toHaveLength(1_025);
  });

  it('get the last 1, 3 and all of one backlog of 4', () => {
    const { listeners } = setup();
    const logs = [1, 3, 9].map((rewind) => {
      const log: unknown[] = [];
      return { log, registration: listeners.add('e', (m) => log.push(m.data), rewind) };
    });
    for (const { registration } of logs)
      listeners.release(registration, [old(1), old(2), old(3), old(4)]);
    expect(logs.map(({ log }) => log)).toEqual([[4], [2, 3, 4], [1, 2, 3, 4]]);
  });

  it('get only their own event of a backlog', () => {
    const { listeners, log, note } = setup();
    const registration = listeners.add('e', note, 10);
    listeners.release(registration, [old(1), old(2, { event: 'other' }), old(3)]);
    expect(log).toEqual([1, 3]);
  });

  it('get nothing any more after they were removed, also within the backlog', () => {
    const { listeners, log } = setup();
    const removed = listeners.add('e', () => log.push('removed'), 10);
    listeners.remove(removed);
    listeners.release(removed, [old(1)]);
    const self = listeners.add(
      'e',
      (m) => {
        log.push(m.data);
        listeners.remove(self);
      },
      10,
    );
    listeners.release(self, [old(1), old(2)]);
    expect(log).toEqual([1]);
  });

  it('are served once, however often they are released', () => {
    const { listeners, log, note } = setup();
    const registration = listeners.add('e', note, 10);
    listeners.release(registration, [old(1)]);
    listeners.release(registration, [old(1), old(2)]);
    expect(log).toEqual([1]);
    expect(listeners.held()).toEqual([]);
  });
});
