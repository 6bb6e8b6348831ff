/** The vendor's library on both sides: `Rest` in the provider, `Realtime` as the client, the emulator between them. */
import { createHmac } from 'node:crypto';
import { memory } from '@anywire/server/store';
import type Ably from 'ably';
import { describe, expect, it } from 'vitest';
import { jwt } from '../src/ably/tokens.ts';
import { key, openScene } from './ably-scene.ts';

const connected = (client: Ably.Realtime): Promise<unknown> =>
  client.connection.whenState('connected');

async function heardOn(client: Ably.Realtime, name: string): Promise<Ably.InboundMessage[]> {
  const heard: Ably.InboundMessage[] = [];
  await client.channels.get(name).subscribe((message) => void heard.push(message));
  return heard;
}

const refused = (code: number): unknown => expect.objectContaining({ code }) as unknown;

describe.each(['jwt', 'request'] as const)('a token of the kind "%s"', (tokens) => {
  it.each(['GET', 'POST'])('is what plain ably gets by authUrl and %s', async (authMethod) => {
    const { plain } = await openScene({}, { tokens });
    const ann = plain('ann', ['room:1', ':odd'], { authMethod });
    await connected(ann);
    expect(ann.auth.clientId).toBe('ann');
    const room = ann.channels.get('room:1');
    await room.attach();
    await room.presence.enter('here');
    await room.publish('said', { text: 'hi' });
    expect((await room.history()).items).toHaveLength(1);
    await ann.channels.get('~:odd').attach();
  });

  it('refuses with 40160 a channel that was not named, one that is refused, and a publish that is', async () => {
    const { plain } = await openScene(
      { authorize: ({ channel, action }) => channel === 'news' && action !== 'publish' },
      { tokens },
    );
    const eve = plain('eve', ['news', 'staff']);
    await connected(eve);
    await eve.channels.get('news').attach();
    await expect(eve.channels.get('news').publish('said', 'x')).rejects.toEqual(refused(40160));
    for (const name of ['staff', 'other', 'news:more'])
      await expect(eve.channels.get(name).attach()).rejects.toEqual(refused(40160));
  });

  it('of a client that names nothing connects, and is good for nothing', async () => {
    const { plain } = await openScene({}, { tokens });
    const ann = plain('ann');
    await connected(ann);
    for (const name of ['room:1', '~~'])
      await expect(ann.channels.get(name).attach()).rejects.toEqual(refused(40160));
  });

  it('is no pattern, though a channel be called like one', async () => {
    const { plain } = await openScene({}, { tokens });
    const eve = plain('eve', ['*', 'room:*', '[*]*', 'mine']);
    await connected(eve);
    await eve.channels.get('mine').attach();
    for (const name of ['room:1', 'other', '*', 'room:*'])
      await expect(eve.channels.get(name).attach()).rejects.toEqual(refused(40160));
  });

  it('of 2 s is replaced when it has expired, and the channel goes on', async () => {
    const { plain, withKey } = await openScene({}, { tokens, tokenTtlMs: 2_000 });
    const ann = plain('ann', ['room']);
    const heard = await heardOn(ann, 'room');
    const current = (): string | undefined =>
      (ann.auth as { tokenDetails?: { token?: string } }).tokenDetails?.token;
    const first = current();
    expect(first).toBeTypeOf('string');
    await expect.poll(current, { timeout: 10_000 }).not.toBe(first);
    await connected(ann);
    await withKey().channels.get('room').publish('said', 'still here');
    await expect.poll(() => heard.map(({ data }) => data as unknown)).toEqual(['still here']);
  });

  it('lets Anywire’s client publish, hear and be a member, and tells it `forbidden` elsewhere', async () => {
    const { anywire, backend } = await openScene(
      { authorize: ({ channel }) => channel !== 'staff' },
      { tokens },
    );
    const ann = anywire('ann', ['room:1', 'staff']);
    const room = ann.channel('room:1');
    const heard: unknown[] = [];
    room.on('said', (data, { id, sender }) => void heard.push([id, data, sender.clientId]));
    await room.attach();
    expect(await room.publish('said', 'from ann')).toMatchObject({ level: 'stored' });
    await backend.publish('room:1', 'said', [1], { id: 'order:7', clientId: 'bob' });
    await expect.poll(() => heard).toHaveLength(2);
    expect(heard).toEqual([
      [expect.any(String), 'from ann', 'ann'],
      ['order:7', [1], 'bob'],
    ]);
    await expect(ann.channel('staff').attach()).rejects.toMatchObject({ code: 'forbidden' });
  });
});

it('a forged JWT, one of another key, and one with more rights than it was signed for are refused', async () => {
  const { withToken, post } = await openScene();
  const { detail } = (await (await post('auth', { channels: ['mine'] }, 'ann')).json()) as {
    detail: string;
  };
  const [head = '', body = '', signature = ''] = detail.split('.');
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as object;
  const more = Buffer.from(JSON.stringify({ ...claims, 'x-ably-capability': '{"*":["*"]}' }));
  const request = { clientId: 'ann', claims: undefined, issuedAt: Date.now() };
  const forged = jwt({ name: 'app.key', secret: 'guess' }, { ...request, expiresAt: 9e12 });
  for (const token of [`${head}.${more.toString('base64url')}.${signature}`, forged]) {
    const eve = withToken(token);
    const change = await new Promise<Ably.ConnectionStateChange>((resolve) => {
      eve.connection.on(['failed', 'disconnected'], resolve);
    });
    expect(String(change.reason?.code)).toMatch(/^401/);
  }
  await connected(withToken(detail));
});

describe('a publish of the backend', () => {
  it('reaches 1 real client with the right id, sender, data and mark: JSON, a number, an empty text, bytes', async () => {
    const { backend, withKey } = await openScene();
    const heard = await heardOn(withKey(), '~:odd');
    const contents = [{ text: 'hi' }, 42, '', null, new Uint8Array([1, 255])];
    for (const [n, data] of contents.entries())
      await backend.publish(':odd', 'said', data, { id: `order:${n}`, clientId: 'ann' });
    await expect.poll(() => heard).toHaveLength(5);
    expect(heard.map(({ id }) => id)).toEqual(contents.map((_, n) => `order.${n}:0`));
    expect(new Set(heard.map(({ clientId }) => clientId))).toEqual(new Set(['ann']));
    expect(heard.map(({ data }) => data as unknown)).toEqual([
      ...[{ text: 'hi' }, 42, '', null],
      Buffer.from([1, 255]),
    ]);
    expect(heard[0]?.extras).toEqual({ headers: { aw: 0 } });
  });

  it('that is sent twice is delivered once, and 12 of a client come in their order', async () => {
    const { provider, withKey, post } = await openScene();
    const heard = await heardOn(withKey(), 'room');
    const message = { id: 'order-7', event: 'said', data: 'once', timestamp: 1 };
    const channel = { name: 'room', kind: 'private' } as const;
    // As after an answer that was lost.
    await provider.send(channel, [message], undefined);
    await provider.send(channel, [message], undefined);
    const messages = Array.from({ length: 12 }, (_, n) => ({
      ...{ id: `nonce:${n}`, event: 'said', data: n },
    }));
    const response = await post('publish', { channel: 'room', secret: 's', messages }, 'ann');
    const { outcomes } = (await response.json()) as { outcomes: { level: string }[] };
    expect(outcomes.map(({ level }) => level)).toEqual(
      Array.from({ length: 12 }, () => 'accepted'),
    );
    await expect.poll(() => heard).toHaveLength(13);
    expect(heard.map(({ data }) => data as unknown)).toEqual([
      'once',
      ...Array.from({ length: 12 }, (_, n) => n),
    ]);
  });

  it.each([
    [500, 'server_error'],
    [503, 'server_error'],
    [429, 'rate_limited'],
    [400, 'invalid'],
    // The key may not, or is used up: what the client sends is right.
    [401, 'server_error'],
    [403, 'server_error'],
  ])(
    'is refused by the status %i, told as %s, and is done at the next try',
    async (status, code) => {
      const { service, backend } = await openScene();
      service.failHttp(1, status);
      const asked = backend.publish('room', 'e', 1, { id: 'a:1' });
      await expect(asked).rejects.toMatchObject({ code });
      expect(await backend.publish('room', 'e', 1, { id: 'a:1' })).toMatchObject({
        level: 'accepted',
      });
    },
  );

  it('that is stored goes out once, after 2 answers of 503, without anybody asking again', async () => {
    const { service, backend, withKey } = await openScene({ store: memory(), random: () => 0 });
    const heard = await heardOn(withKey(), 'room');
    service.failHttp(2, 503);
    expect(await backend.publish('room', 'e', 'late')).toMatchObject({ pending: true, serial: 1 });
    await expect
      .poll(() => heard.map(({ data }) => data as unknown), { timeout: 5_000 })
      .toEqual(['late']);
    await expect.poll(() => backend.pending).toBe(0);
  });

  it('by a wrong key says so, and says nothing of the secret', async () => {
    const { backend } = await openScene({}, { key: 'app.key:my-wrong-secret' });
    const error = await backend.publish('room', 'e', 1).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'server_error', retryable: true });
    expect(String(error)).toMatch(/Ably does not take this key \(40101\)/);
    expect(String(error)).not.toContain('my-wrong-secret');
  });

  it('that nobody answers may be tried again with its id', async () => {
    const { service, backend } = await openScene();
    await service.close();
    await expect(backend.publish('room', 'e', 1, { id: 'a:1' })).rejects.toMatchObject({
      ...{ code: 'server_error', retryable: true },
      message: expect.stringContaining('did not answer') as string,
    });
  });

  it('of more than 64 KiB is refused before it is stored; what the check lets pass, Ably takes', async () => {
    const { backend } = await openScene({ store: memory() });
    const tooLarge = backend.publish('room', 'e', 'x'.repeat(65_500));
    await expect(tooLarge).rejects.toMatchObject({ code: 'payload_too_large' });
    const most = 'x'.repeat(65_536 - 1_024 - 2);
    expect(await backend.publish('room', 'e', most)).toMatchObject({ serial: 1 });
    const bytes = new Uint8Array(65_536 - 1_024);
    const done = await backend.publish('room', 'e', bytes);
    expect(done).toMatchObject({ serial: 2 });
    expect(done.pending).toBeUndefined();
  });

  it('with `except` is refused as unsupported: Ably leaves out nobody', async () => {
    const { backend } = await openScene();
    const asked = backend.publish('room', 'e', 1, { except: 'c' });
    await expect(asked).rejects.toMatchObject({ code: 'unsupported' });
  });
});

it('a webhook over HTTP is heard as 2 events, and refused with 403 where 1 byte is wrong', async () => {
  const events: unknown[] = [];
  const { url } = await openScene({ onEvent: (event) => void events.push(event) });
  const data = { channelId: 'room:42' };
  const presence = [{ action: 3, clientId: 'ann', connectionId: 'c', data: '{"aw":"tab"}', encoding: 'json' }]; // prettier-ignore
  const body = JSON.stringify({
    items: [
      { name: 'channel.opened', data },
      { name: 'presence.message', data: { ...data, presence } },
    ],
  });
  const signature = createHmac('sha256', 'secret').update(body).digest('base64');
  const headers = { 'x-ably-key': 'app.key', 'x-ably-signature': signature };
  const send = async (text: string): Promise<number> =>
    (await fetch(`${url}/webhooks`, { method: 'POST', headers, body: text })).status;
  expect(await send(`${body} `)).toBe(403);
  expect(events).toEqual([]);
  expect(await send(body)).toBe(200);
  expect(events).toEqual([
    { type: 'occupied', channel: 'room:42' },
    { type: 'leave', channel: 'room:42', clientId: 'ann', instanceId: 'tab' },
  ]);
});

it.each(['', 'secret', 'app.key', 'app:secret', undefined])(
  'ably({ key: %j }) is refused',
  async (wrong) => {
    const { ably } = await import('../src/ably/index.ts');
    expect(() => ably({ key: wrong as string })).toThrow(/\[anywire:invalid\] ably\(\{ key \}\)/);
    expect(() => ably({ key, tokenTtlMs: 10 })).toThrow(/tokenTtlMs/);
  },
);
