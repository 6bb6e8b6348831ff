import { RealtimeError } from '@anywire/core/errors';
import { memory } from '@anywire/server/store';
import { describe, expect, it } from 'vitest';
import { scripted } from '../test/scripted.ts';

const message = (n: number, more: object = {}): object => ({
  id: `nonce-ann:${n}`,
  event: 'e',
  data: n,
  ...more,
});
const publish = (...messages: object[]): object => ({
  channel: 'room:1',
  secret: 'of-ann',
  messages,
});

describe('POST auth', () => {
  it('answers who a token is, and what the service signs for a channel, a member and a client', async () => {
    const { post } = scripted();
    expect(await post('auth', {}, 'ann')).toEqual({
      status: 200,
      body: { clientId: 'ann', detail: { clientId: 'ann' } },
    });
    const channel = { name: 'room:1', kind: 'private' };
    const asked = { channel: 'room:1', connectionRef: '1.2' };
    expect((await post('auth', asked, 'ann')).body).toMatchObject({
      detail: { channel, connectionRef: '1.2' },
    });
    const member = { clientId: 'ann', instanceId: 'tab', data: { name: 'Ann' } };
    const entering = { ...asked, instanceId: 'tab', presence: { data: { name: 'Ann' } } };
    expect((await post('auth', entering, 'ann')).body).toMatchObject({
      detail: { channel, member },
    });
  });

  it.each([
    ['a token that nobody knows', 401, 'auth_failed', {}, 'bad'],
    [
      'a member without a client id',
      400,
      'client_id_required',
      { channel: 'room:1', presence: {} },
      undefined,
    ],
    ['a channel that is not allowed', 403, 'forbidden', { channel: 'secret' }, 'ann'],
    ['a name that cannot be', 400, 'invalid', { channel: '' }, 'ann'],
    ['a member that is misspelt', 400, 'invalid', { chanel: 'room:1' }, 'ann'],
    [
      'data of a member over their limit',
      413,
      'payload_too_large',
      { channel: 'r', instanceId: 'i', presence: { data: 'x'.repeat(99) } },
      'ann',
    ],
  ] as const)('refuses %s with %i %s', async (_, status, code, body, token) => {
    const { post } = scripted({ authorize: ({ channel }) => channel !== 'secret' });
    expect(await post('auth', body, token)).toMatchObject({ status, body: { error: { code } } });
  });
});

describe('POST publish', () => {
  it('hands messages to the service once, in their order, 10 at a time, with who sent them', async () => {
    const { post, sent } = scripted();
    const messages = Array.from({ length: 12 }, (_, n) => message(n + 1));
    const { body } = await post(
      'publish',
      { ...publish(...messages), connectionRef: '1.2' },
      'ann',
    );
    expect(body).toMatchObject({ outcomes: messages.map(() => ({ level: 'accepted' })) });
    expect(sent.map((one) => one.message.data)).toEqual(messages.map((_, n) => n + 1));
    expect(sent[0]).toMatchObject({
      channel: 'room:1',
      message: { clientId: 'ann', connectionId: '1.2' },
    });
    const again = await post('publish', publish(message(3)), 'ann');
    expect(again.body).toMatchObject({ outcomes: [{ level: 'accepted', duplicate: true }] });
    expect(sent).toHaveLength(12);
  });

  it('lets one message be refused and the others pass, and replaces what the app replaces', async () => {
    const { post, sent } = scripted({
      onPublish({ data }) {
        if (data === 2) throw new RealtimeError('invalid', 'no two');
        return { data: { checked: data } };
      },
    });
    const { body } = await post('publish', publish(message(1), message(2), message(3)), 'ann');
    expect(body).toMatchObject({
      outcomes: [
        { level: 'accepted' },
        { error: { code: 'invalid', message: 'no two' } },
        { level: 'accepted' },
      ],
    });
    expect(sent.map((one) => one.message.data)).toEqual([{ checked: 1 }, { checked: 3 }]);
  });

  it('refuses the nonce of another client, and of an anonymous one that has not its secret', async () => {
    for (const store of [undefined, memory()]) {
      const { post } = scripted(store && { store });
      await post('publish', publish(message(1)), 'ann');
      expect(await post('publish', publish(message(2)), 'eve')).toMatchObject({
        status: 403,
        body: { error: { code: 'forbidden' } },
      });
      const anonymous = { ...publish({ ...message(1), id: 'nobody:1' }) };
      expect((await post('publish', anonymous)).status).toBe(200);
      expect((await post('publish', { ...anonymous, secret: 'other' })).status).toBe(403);
      // Who was anonymous and signs in keeps its nonce.
      expect((await post('publish', anonymous, 'bob')).status).toBe(200);
    }
  });

  it.each([
    ['no messages', publish()],
    ['both data and bytes', publish(message(1, { bytes: '' }))],
    ['a sequence that is no number', publish(message(1, { sequence: 'x' }))],
    ['101 messages', publish(...Array.from({ length: 101 }, (_, n) => message(n)))],
  ])('refuses %s', async (_, body) => {
    const { post, sent } = scripted();
    expect(await post('publish', body, 'ann')).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid' } },
    });
    expect(sent).toEqual([]);
  });

  it.each([
    ['an empty event', message(1, { event: '' }), 'invalid'],
    [
      'data over the limit of the service',
      message(1, { data: 'x'.repeat(999) }),
      'payload_too_large',
    ],
    [
      'extras over 1,024 characters',
      message(1, { extras: { x: 'x'.repeat(1_024) } }),
      'payload_too_large',
    ],
  ])('answers %s with a refusal of that message alone', async (_, wrong, code) => {
    const { post } = scripted();
    const { body } = await post('publish', publish(wrong, message(2)), 'ann');
    expect(body).toMatchObject({ outcomes: [{ error: { code } }, { level: 'accepted' }] });
  });
});

describe('history and positions', () => {
  it('read what was stored, forwards from a position, with bytes, extras and sequences', async () => {
    const { post, get } = scripted({ store: memory() });
    const {
      positions: [begin],
    } = (await post('positions', { channels: ['room:1'] }, 'ann')).body as { positions: string[] };
    await post(
      'publish',
      publish(message(1, { sequence: 1, extras: { a: 1 } }), {
        id: 'nonce-ann:2',
        event: 'b',
        bytes: 'AAE=',
      }),
      'ann',
    );
    const { body } = await get(
      `history?channel=room:1&direction=forwards&from=${encodeURIComponent(begin ?? '')}`,
      'ann',
    );
    expect(body).toMatchObject({
      complete: true,
      items: [
        { id: 'nonce-ann:1', event: 'e', data: 1, serial: 1, sequence: 1, extras: { a: 1 } },
        { id: 'nonce-ann:2', event: 'b', bytes: 'AAE=', serial: 2 },
      ],
    });
    const {
      positions: [end],
    } = (await post('positions', { channels: ['room:1'] }, 'ann')).body as { positions: string[] };
    expect((body as { items: { cursor: string }[] }).items.at(-1)?.cursor).toBe(end);
  });

  it('answer 500, and not null, where the store fails: it is not empty', async () => {
    const engine = memory();
    const { post } = scripted({
      store: {
        ...engine,
        read: () => Promise.reject(new RealtimeError('server_error', 'the disk is gone')),
      },
      log: () => {},
    });
    expect(await post('positions', { channels: ['room:1'] }, 'ann')).toMatchObject({ status: 500 });
  });

  it('answer null for what is not allowed or not kept, and 404 where there is no store', async () => {
    const kept = { history: true, events: {} };
    const { post } = scripted({
      store: memory(),
      channels: { 'kept:{id}': kept, 'passing:{id}': {} },
      authorize: ({ channel }) => channel !== 'kept:secret',
    });
    const channels = ['kept:1', 'kept:secret', 'passing:1', 'unknown'];
    const { body } = await post('positions', { channels }, 'ann');
    expect((body as { positions: unknown[] }).positions.map((one) => typeof one)).toEqual([
      'string',
      'object',
      'object',
      'object',
    ]);
    expect(await scripted().get('history?channel=r', 'ann')).toMatchObject({
      status: 404,
      body: { error: { code: 'unsupported' } },
    });
  });
});

describe('presence', () => {
  it('tells the service of an update and of a goodbye, and shows late joiners what is newer', async () => {
    const told: unknown[] = [];
    const { post, get } = scripted(
      {},
      {
        present: async (channel, member, change) =>
          void told.push([channel.name, member.data, change]),
      },
    );
    const ann = { channel: 'room:1', instanceId: 'tab' };
    expect((await post('presence', { ...ann, data: 2 }, 'ann')).status).toBe(204);
    expect((await get('presence?channel=room:1', 'ann')).body).toEqual({
      members: [{ clientId: 'ann', instanceId: 'tab', data: 2 }],
    });
    expect((await post('presence', ann, 'ann')).status).toBe(204);
    expect((await get('presence?channel=room:1', 'ann')).body).toEqual({ members: [] });
    expect(told).toEqual([
      ['room:1', 2, 'update'],
      ['room:1', null, 'leave'],
    ]);
  });
});

describe('requests', () => {
  it('outside of its path, of a foreign page, with a wrong method or body are refused and named', async () => {
    const { backend, get, post } = scripted();
    expect((await backend.fetch(new Request('http://app.test/other'))).status).toBe(404);
    const foreign = new Request('http://app.test/realtime/auth', {
      method: 'POST',
      headers: { origin: 'http://evil.test' },
    });
    expect((await backend.fetch(foreign)).status).toBe(403);
    expect((await get('auth')).status).toBe(405);
    const garbage = new Request('http://app.test/realtime/auth', {
      method: 'POST',
      body: '{',
      headers: { 'content-type': 'application/json' },
    });
    expect((await backend.fetch(garbage)).status).toBe(400);
    expect((await post('webhooks', {})).body).toMatchObject({ error: { code: 'unsupported' } });
    await backend.close();
    expect((await post('auth', {})).status).toBe(503);
  });
});
