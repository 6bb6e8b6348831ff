import { RealtimeError } from '@anywire/core/errors';
import { memory } from '@anywire/server/store';
import { describe, expect, it } from 'vitest';
import { scripted, unreachable } from '../test/scripted.ts';

const publish = (n: number): object => ({
  channel: 'room:1',
  messages: [{ id: `nonce-ann:${n}`, event: 'e', data: n }],
});

describe('what is stored', () => {
  it('and could not go out says so, and goes out with its id and serial as soon as it can', async () => {
    const { post, answers, sent, clock, backend } = scripted({ store: memory() });
    answers.push(unreachable(), unreachable());
    const first = await post('publish', publish(1), 'ann');
    expect(first.body).toMatchObject({ outcomes: [{ level: 'stored', serial: 1, pending: true }] });
    expect([sent.length, backend.pending]).toEqual([0, 1]);
    // A try of the client that had no answer changes nothing.
    const again = await post('publish', publish(1), 'ann');
    expect(again.body).toMatchObject({ outcomes: [{ serial: 1, duplicate: true, pending: true }] });
    await clock.advance(375);
    expect(sent).toEqual([]);
    await clock.advance(750);
    expect(sent).toMatchObject([{ message: { id: 'nonce-ann:1', serial: 1 } }]);
    expect(backend.pending).toBe(0);
  });

  it('does not hold back what comes after it', async () => {
    const { post, answers, sent, clock } = scripted({ store: memory() });
    answers.push(unreachable());
    await post('publish', publish(1), 'ann');
    await post('publish', publish(2), 'ann');
    expect(sent.map(({ message }) => message.serial)).toEqual([2]);
    await clock.advance(20_000);
    expect(sent.map(({ message }) => message.serial)).toEqual([2, 1]);
  });

  it('and had no answer in 8 s is tried again', async () => {
    const { post, answers, sent, clock } = scripted({ store: memory() });
    answers.push('never');
    const asked = post('publish', publish(1), 'ann');
    await clock.advance(8_000);
    expect((await asked).body).toMatchObject({ outcomes: [{ level: 'stored', pending: true }] });
    await clock.advance(1_000);
    expect(sent).toHaveLength(1);
  });

  it('and is refused for good is given up, with a line in the log', async () => {
    const { post, answers, sent, clock, logged, backend } = scripted({ store: memory() });
    answers.push(unreachable(), new RealtimeError('payload_too_large', 'too large'));
    await post('publish', publish(1), 'ann');
    await clock.advance(1_000);
    expect([sent.length, backend.pending]).toEqual([0, 0]);
    expect(logged.at(-1)).toBe(
      'error a stored message cannot be sent; clients find it by their position',
    );
  });

  it('goes out again when a process that had stored it ended before it was sent, and the client tries again', async () => {
    // The store outlives the process: this one has never sent the id that it finds.
    const engine = memory();
    const { post, sent, backend } = scripted({ store: engine });
    await post('publish', publish(1), 'ann');
    expect(sent).toHaveLength(1);
    void backend;
    const next = scripted({ store: { ...engine, open: () => {} } });
    const { body } = await next.post('publish', publish(1), 'ann');
    expect(body).toMatchObject({ outcomes: [{ level: 'stored', serial: 1, duplicate: true }] });
    expect(next.sent).toMatchObject([{ message: { id: 'nonce-ann:1', serial: 1 } }]);
  });

  it('is sent by close(), which says what it could not send', async () => {
    const { post, answers, sent, backend } = scripted({ store: memory() });
    answers.push(unreachable());
    await post('publish', publish(1), 'ann');
    await backend.close();
    expect(sent).toHaveLength(1);
  });
});

describe('what is not stored', () => {
  it('and could not go out is refused, and may be tried again with the same id', async () => {
    const { post, answers, sent } = scripted();
    answers.push(unreachable());
    expect((await post('publish', publish(1), 'ann')).body).toMatchObject({
      outcomes: [{ error: { code: 'server_error' } }],
    });
    expect((await post('publish', publish(1), 'ann')).body).toMatchObject({
      outcomes: [{ level: 'accepted' }],
    });
    expect(sent).toHaveLength(1);
  });

  it('is known by its id for 120 s, and the app’s own publish is, too', async () => {
    const { backend, sent, clock } = scripted();
    const options = { id: 'order-7', except: '1.2', clientId: 'ann' };
    expect(await backend.publish('room:1', 'e', 1, options)).toMatchObject({
      id: 'order-7',
      level: 'accepted',
    });
    expect(await backend.publish('room:1', 'e', 1, options)).toMatchObject({ duplicate: true });
    expect(sent).toMatchObject([{ except: '1.2', message: { clientId: 'ann' } }]);
    await clock.advance(241_000);
    await backend.publish('room:1', 'e', 1, options);
    expect(sent).toHaveLength(2);
    await expect(backend.publish('room:1', '', 1)).rejects.toMatchObject({ code: 'invalid' });
  });
});
