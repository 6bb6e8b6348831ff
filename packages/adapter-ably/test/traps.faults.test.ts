/** Bad input and bad answers: the documented error of each, and nothing that waits for ever. */
import type { ConnectionState, Realtime, RealtimeError } from '@anywire/core';
import { afterEach, describe, expect, it } from 'vitest';
import { key, startScene, type Scene } from './scene.ts';

let scene: Scene;
afterEach(() => scene.close());

const reached = (realtime: Realtime, wanted: ConnectionState): Promise<void> =>
  new Promise((resolve) => {
    realtime.connection.state.subscribe((state) => {
      if (state === wanted) resolve();
    });
  });

const token = async (request: object): Promise<{ detail: object }> => {
  const response = await fetch(`${scene.service.url}/keys/app.key/requestToken`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(key).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(request),
  });
  return { detail: (await response.json()) as object };
};

describe('credentials', () => {
  it.each([
    ['app.key:wrong', 'auth_denied', 40101],
    ['app.nobody:secret', 'auth_denied', 40101],
    ['nobody.key:secret', 'invalid', 40400],
  ])('the key %s ends in failed, with %s and %d', async (wrong, code, vendorCode) => {
    scene = await startScene();
    const realtime = scene.client({}, { key: wrong });
    await expect(realtime.connection.connect()).rejects.toMatchObject({ code, vendorCode });
    expect(realtime.connection.state.get()).toBe('failed');
  });

  it('another client id than that of the token ends in failed, with 40102', async () => {
    scene = await startScene();
    const realtime = scene.client({ clientId: 'bob', auth: () => token({ clientId: 'ann' }) });
    await expect(realtime.connection.connect()).rejects.toMatchObject({ vendorCode: 40102 });
  });

  it('a token that has expired is replaced by a new one, and the connection goes on', async () => {
    scene = await startScene();
    const reasons: string[] = [];
    const realtime = scene.client({
      auth({ reason }) {
        reasons.push(reason);
        return token({ clientId: 'ann' });
      },
    });
    const room = realtime.channel('room');
    await room.attach();
    const lost = reached(realtime, 'reconnecting');
    scene.service.expireTokens();
    await lost;
    await reached(realtime, 'connected');
    expect(await room.publish('e', 1)).toMatchObject({ level: 'stored' });
    expect(reasons).toEqual(['connect', 'refused']);
  });

  it('an app that says no for ever ends in failed, with auth_denied', async () => {
    scene = await startScene();
    const { RealtimeError: Refusal } = await import('@anywire/core/errors');
    const auth = (): never => {
      throw new Refusal('auth_denied', 'not you');
    };
    const realtime = scene.client({ auth });
    await expect(realtime.connection.connect()).rejects.toMatchObject({ code: 'auth_denied' });
  });
});

describe('what a token does not allow', () => {
  it('attaching and publishing are refused as forbidden, and other channels go on', async () => {
    scene = await startScene();
    const capability = JSON.stringify({ open: ['subscribe', 'publish'] });
    const realtime = scene.client({ auth: () => token({ capability }) });
    const forbidden = { code: 'forbidden', vendorCode: 40160 };
    await expect(realtime.channel('closed').attach()).rejects.toMatchObject(forbidden);
    await expect(realtime.channel('closed').publish('e', 1)).rejects.toMatchObject(forbidden);
    await realtime.channel('open').attach();
    expect(await realtime.channel('open').publish('e', 1)).toMatchObject({ level: 'stored' });
  });
});

describe('messages and channels', () => {
  it('one that is too large is refused as payload_too_large, and the next one arrives', async () => {
    scene = await startScene();
    const room = scene.client().channel('room');
    const large = room.publish('e', 'x'.repeat(70_000));
    await expect(large).rejects.toMatchObject({ code: 'payload_too_large' });
    expect(await room.publish('e', 1)).toMatchObject({ level: 'stored' });
  });

  it.each([':a', ',a', '[a]b', '~a'])('a channel may be called %s', async (name) => {
    scene = await startScene();
    const room = scene.client().channel(name);
    const heard = new Promise((resolve) => room.on('e', resolve));
    await room.attach();
    await room.publish('e', 1);
    expect(await heard).toBe(1);
  });

  it('an ATTACH that nobody answers is told as a timeout, and the next one attaches', async () => {
    scene = await startScene();
    const realtime = scene.client();
    await realtime.connection.connect();
    scene.service.holdAttach('room');
    const room = realtime.channel('room');
    const told = new Promise((resolve) => room.onError(resolve));
    room.on('e', () => {});
    expect(await told).toMatchObject({ code: 'timeout', vendorCode: 90007 });
    scene.service.releaseAttach();
    await room.attach();
    expect(room.state.get()).toBe('attached');
  });

  it('an answer that never comes ends as outcome_unknown, and the message was delivered once', async () => {
    scene = await startScene();
    const [ann, bob] = [scene.client({ timeoutMs: 300 }), scene.client()];
    const heard: unknown[] = [];
    const room = bob.channel('room');
    const second = new Promise<void>((resolve) => {
      room.on('e', (data) => {
        heard.push(data);
        if (data === 2) resolve();
      });
    });
    await room.attach();
    await ann.connection.connect();
    scene.service.loseAcks(1);
    const lost = ann.channel('room').publish('e', 1);
    const error = await lost.then(
      () => undefined,
      (cause: RealtimeError) => cause,
    );
    expect(error).toMatchObject({ code: 'outcome_unknown' });
    await ann.channel('room').publish('e', 2);
    await second;
    expect(heard).toEqual([1, 2]);
  });
});

describe('a client of the app', () => {
  it('is heard beside the app, and stays connected when ours is closed', async () => {
    scene = await startScene();
    const library = scene.library({ clientId: 'ann' });
    const apps: unknown[] = [];
    await library.channels.get('room').subscribe((message) => apps.push(message.data));
    const realtime = scene.sharing(library);
    const room = realtime.channel('room');
    const heard = new Promise((resolve) => room.on('e', resolve));
    await room.attach();
    await room.publish('e', { n: 1 });
    expect(await heard).toEqual({ n: 1 });
    await realtime.close();
    await library.channels.get('room').publish('e', 'two');
    expect(library.connection.state).toBe('connected');
    expect(apps).toEqual([{ n: 1 }, 'two'].slice(0, apps.length));
    expect(apps.length).toBeGreaterThan(0);
  });

  it('that was closed and connected again is attached again, without being asked', async () => {
    scene = await startScene();
    const library = scene.library();
    const realtime = scene.sharing(library);
    const room = realtime.channel('room');
    const heard = new Promise((resolve) => room.on('e', resolve));
    await room.attach();
    const closed = reached(realtime, 'reconnecting');
    library.close();
    await closed;
    library.connect();
    await reached(realtime, 'connected');
    await room.attach();
    await room.publish('e', 1);
    expect(await heard).toBe(1);
  });
});
