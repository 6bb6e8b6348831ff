/** The traps of signing and subscribing with pusher-js: answers too late, errors without a channel, reports twice. */
import { RealtimeError } from '@anywire/core/errors';
import type { Auth, ConnectionState, Credentials, Realtime } from '@anywire/core';
import { afterEach, describe, expect, it } from 'vitest';
import { startScene, type Scene } from './scene.ts';

let scene: Scene;
afterEach(() => scene.close());

function reached(realtime: Realtime, wanted: ConnectionState): Promise<void> {
  return new Promise((resolve) => {
    realtime.connection.state.subscribe((state) => state === wanted && resolve());
  });
}

/** Errors that were told to the app. */
function reports(realtime: Realtime): RealtimeError[] {
  const told: RealtimeError[] = [];
  realtime.onError((error) => void told.push(error));
  return told;
}

/** Two turns of a second connection: what was on its way to the first has come. */
async function settled(): Promise<void> {
  const other = scene.client();
  await other.channel('settled').attach();
  await other.channel('settled-again').attach();
}

describe('signing', () => {
  it('that throws at once ends the attach with what was thrown, once, and another channel attaches', async () => {
    scene = await startScene();
    const sign = scene.sign();
    const auth: Auth = (context) => {
      if (context.channel === 'closed') throw new Error('the app says no');
      return sign(context);
    };
    const realtime = scene.client({ auth, timeoutMs: 500 });
    const failed = realtime.channel('closed').attach();
    const attached = realtime.channel('open').attach();
    await expect(failed).rejects.toThrow();
    await attached;
    expect(realtime.connection.state.get()).toBe('connected');
  });

  it('that denies for ever is `auth_denied` for the channel, and the connection lives', async () => {
    scene = await startScene();
    const sign = scene.sign();
    const auth: Auth = (context) => {
      if (context.channel === 'closed') throw new RealtimeError('auth_denied', 'never');
      return sign(context);
    };
    const realtime = scene.client({ auth });
    await expect(realtime.channel('closed').attach()).rejects.toMatchObject({
      code: 'auth_denied',
    });
    await realtime.channel('open').attach();
    expect(realtime.channel('closed').state.get()).toBe('failed');
    expect(realtime.connection.state.get()).toBe('connected');
  });

  it('for an old connection that is answered late is thrown away: the service hears no second subscription', async () => {
    scene = await startScene();
    const sign = scene.sign();
    const late: (() => void)[] = [];
    const auth: Auth = async (context) => {
      const credentials = (await sign(context)) as Credentials;
      if (context.channel !== undefined && late.length === 0)
        await new Promise<void>((resolve) => late.push(resolve));
      return credentials;
    };
    const realtime = scene.client({ auth });
    const told = reports(realtime);
    const attached = realtime.channel('room').attach();
    await expect.poll(() => late).toHaveLength(1);
    const lost = reached(realtime, 'reconnecting');
    scene.service.drop();
    await lost;
    await attached;
    late[0]?.();
    await settled();
    expect(told).toEqual([]);
    expect(realtime.channel('room').state.get()).toBe('attached');
  });

  it('that is wrong is `auth_failed`, although the service names no channel, and the channel beside it attaches', async () => {
    scene = await startScene();
    const sign = scene.sign();
    const auth: Auth = async (context) => {
      const wrong = { detail: { auth: `key:${'0'.repeat(64)}` } };
      return context.channel === 'room' ? wrong : sign(context);
    };
    const realtime = scene.client({ auth, timeoutMs: 700 });
    const room = realtime.channel('room');
    const failed = room.attach().catch((error: unknown) => error);
    const refused = new Promise((resolve) => {
      room.state.subscribe((state) => state === 'suspended' && resolve(room.error));
    });
    // Its name begins with that of the other.
    await realtime.channel('room2').attach();
    expect(await refused).toMatchObject({ code: 'auth_failed' });
    // It is tried again until its time is over.
    expect(await failed).toMatchObject({ code: 'timeout' });
    expect(realtime.connection.state.get()).toBe('connected');
  });

  it('by another app is told as `auth_failed`; the service does not say for which channel, so the attach ends by its time', async () => {
    scene = await startScene();
    const detail = { auth: `other:${'0'.repeat(64)}` };
    const realtime = scene.client({
      auth: ({ channel }) => (channel === undefined ? {} : { detail }),
      timeoutMs: 300,
    });
    const told = reports(realtime);
    await expect(realtime.channel('room').attach()).rejects.toMatchObject({ code: 'timeout' });
    expect(told.map(({ code }) => code)).toContain('auth_failed');
  });
});

describe('subscribing', () => {
  it('that is never answered ends with `timeout` after 300 ms, and succeeds when it is asked again', async () => {
    scene = await startScene();
    const realtime = scene.client({ timeoutMs: 300 });
    await realtime.connection.connect();
    scene.service.holdSubscriptions();
    const room = realtime.channel('room');
    await expect(room.attach()).rejects.toMatchObject({ code: 'timeout' });
    await room.detach();
    scene.service.releaseSubscriptions();
    await room.attach();
    const heard: unknown[] = [];
    room.on('said', (data) => void heard.push(data));
    await scene.sdk.trigger('private-room', 'said', { n: 1 });
    await expect.poll(() => heard).toEqual([{ n: 1 }]);
  });

  it('and detaching 20 times in a row ends attached, with 0 errors, and hears once', async () => {
    scene = await startScene();
    const realtime = scene.client({ lingerMs: 0 });
    const told = reports(realtime);
    const room = realtime.channel('room');
    const heard: unknown[] = [];
    for (let times = 0; times < 20; times++) {
      await room.attach();
      await room.detach();
    }
    room.on('said', (data) => void heard.push(data));
    await room.attach();
    await scene.sdk.trigger('private-room', 'said', { n: 1 });
    await expect.poll(() => heard).toEqual([{ n: 1 }]);
    await settled();
    expect([heard, told]).toEqual([[{ n: 1 }], []]);
  });

  it('to a name of 160 characters is refused as `invalid` before anything is sent', async () => {
    scene = await startScene();
    const realtime = scene.client();
    await expect(async () => realtime.channel('x'.repeat(160)).attach()).rejects.toMatchObject({
      code: 'invalid',
    });
  });
});

describe('what the service complains of', () => {
  it.each([
    ['an error without code or channel', null, 'something is wrong', 'server_error', undefined],
    ['4301', 4301, 'Client event rejected due to rate limit', 'rate_limited', 4301],
    ['4302', 4302, 'Watchlist limit exceeded', 'limit_exceeded', 4302],
  ])(
    '%s is told to the app once, and ends nothing',
    async (_, vendor, message, code, vendorCode) => {
      scene = await startScene();
      const realtime = scene.client();
      const told = reports(realtime);
      await realtime.channel('room').attach();
      scene.service.push({ event: 'pusher:error', data: { code: vendor, message } });
      await expect.poll(() => told.length).toBeGreaterThan(0);
      await settled();
      expect(told.map((error) => [error.code, error.vendorCode])).toEqual([[code, vendorCode]]);
      expect(realtime.connection.state.get()).toBe('connected');
      expect(realtime.channel('room').state.get()).toBe('attached');
    },
  );

  it('a rate of client events that is set too high is told as `rate_limited`', async () => {
    scene = await startScene();
    const realtime = scene.client({}, { clientEventsPerSecond: 100 });
    const told = reports(realtime);
    const room = realtime.channel('room');
    await room.attach();
    await Promise.all(Array.from({ length: 12 }, (_, n) => room.publish('said', n)));
    await expect.poll(() => told.map(({ code }) => code)).toContain('rate_limited');
    expect(realtime.connection.state.get()).toBe('connected');
  });

  it('client events at 30 in a row keep to 10 in a second, and all of them arrive in order', async () => {
    scene = await startScene();
    const [ann, bob] = [scene.client(), scene.client()];
    const told = reports(ann);
    const heard: unknown[] = [];
    bob.channel('room').on('said', (data) => void heard.push(data));
    await bob.channel('room').attach();
    const numbers = Array.from({ length: 30 }, (_, n) => n);
    await Promise.all(numbers.map((n) => ann.channel('room').publish('said', n)));
    await expect.poll(() => heard).toEqual(numbers);
    expect(told).toEqual([]);
  });
});
