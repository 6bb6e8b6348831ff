/** What goes wrong at Supabase, and what the app is told. @see docs/adapters/supabase.md#errors */
import { describe, expect, it } from 'vitest';
import { credentials, key, startScene } from './scene.ts';

const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'resolved',
    (error: { code?: string }) => error.code,
  );

/** Resolves with the first value that fits. */
function until<Value>(
  store: { subscribe(listener: (value: Value) => void): unknown },
  fits: (value: Value) => boolean,
): Promise<Value> {
  return new Promise((resolve) => {
    store.subscribe((value) => {
      if (fits(value)) resolve(value);
    });
  });
}

describe('channels', () => {
  it('one that policies refuse is forbidden, and others go on', async () => {
    const scene = await startScene({ policy: ({ topic }) => topic !== 'secret' });
    const { realtime } = await scene.client('ann');
    expect(await codeOf(realtime.channel('secret').attach())).toBe('forbidden');
    expect(realtime.channel('secret').state.get()).toBe('failed');
    await realtime.channel('room').attach();
  });

  it('as nobody a private one is forbidden', async () => {
    const scene = await startScene();
    const { realtime } = await scene.client('ann', { auth: () => ({ clientId: 'ann' }) });
    expect(await codeOf(realtime.channel('room').attach())).toBe('forbidden');
  });

  it('one whose read is revoked fails, and says so', async () => {
    const rights = { may: true };
    const scene = await startScene({ policy: () => rights.may });
    const { realtime } = await scene.client('ann');
    const channel = realtime.channel('room');
    await channel.attach();
    rights.may = false;
    scene.service.recheck();
    await until(channel.state, (state) => state === 'failed');
  });

  it('one that was flooded is closed, and comes back', async () => {
    const scene = await startScene();
    const { realtime } = await scene.client('ann');
    const channel = realtime.channel('room');
    await channel.attach();
    const states: string[] = [];
    channel.state.subscribe((state) => states.push(state));
    scene.service.closeChannel('room', 'Too many messages per second');
    await until(channel.state, (state) => state === 'suspended');
    await until(channel.state, (state) => state === 'attached');
  });

  it('one that crashes comes back', async () => {
    const scene = await startScene();
    const { realtime } = await scene.client('ann');
    const channel = realtime.channel('room');
    await channel.attach();
    const back = until(channel.state, (state) => state !== 'attached');
    scene.service.crash('room');
    await back;
    await until(channel.state, (state) => state === 'attached');
  });

  it('one whose join nobody answers times out, and is attached once somebody does', async () => {
    const scene = await startScene();
    const { realtime } = await scene.client('ann', { timeoutMs: 300 });
    scene.service.holdJoins('room');
    const channel = realtime.channel('room');
    expect(await codeOf(channel.attach())).toBe('timeout');
    scene.service.releaseJoins();
    await channel.attach();
  });
});

describe('tokens', () => {
  it('one that ends while it is joined is replaced, and the channel goes on', async () => {
    const scene = await startScene();
    let asked = 0;
    const { realtime } = await scene.client('ann', {
      auth: () => {
        asked += 1;
        // The end is not said: the service is the first to tell of it.
        const { token, clientId } = credentials('ann', asked === 1 ? 400 : 60_000);
        return { token, clientId };
      },
    });
    const channel = realtime.channel('room');
    await channel.attach();
    await until(channel.state, (state) => state !== 'attached');
    await until(channel.state, (state) => state === 'attached');
    expect(asked).toBe(2);
  });

  it('one that is told to end is replaced before, in place', async () => {
    const scene = await startScene();
    let asked = 0;
    const { realtime } = await scene.client('ann', {
      auth: () => {
        asked += 1;
        return credentials('ann', asked === 1 ? 1_500 : 60_000);
      },
    });
    const channel = realtime.channel('room');
    await channel.attach();
    const states: string[] = [];
    channel.state.subscribe((state) => states.push(state));
    await expect.poll(() => asked, { timeout: 5_000 }).toBe(2);
    await channel.publish('e', 1);
    expect(states).toEqual(['attached']);
  });
});

describe('publishing', () => {
  it('too much is refused before it is sent', async () => {
    const scene = await startScene();
    const { realtime } = await scene.client('ann', {}, { payloadBytes: 2_048 });
    expect(await codeOf(realtime.channel('room').publish('e', 'x'.repeat(2_000)))).toBe(
      'payload_too_large',
    );
  });

  it('what the service finds too much is payload_too_large', async () => {
    const scene = await startScene({ limits: { payloadBytes: 500 } });
    const { realtime } = await scene.client('ann');
    expect(await codeOf(realtime.channel('room').publish('e', 'x'.repeat(2_000)))).toBe(
      'payload_too_large',
    );
  });

  it('where this client may not write, the outcome is unknown: the service does not answer', async () => {
    const scene = await startScene({ policy: ({ operation }) => operation === 'read' });
    const { realtime } = await scene.client('ann');
    expect(await codeOf(realtime.channel('room').publish('e', 1))).toBe('outcome_unknown');
  });

  it('nothing goes over HTTP behind the back of the app', async () => {
    const scene = await startScene();
    const { realtime, proxy } = await scene.client('ann');
    const { realtime: other } = await scene.client('bob');
    const heard: unknown[] = [];
    const channel = realtime.channel('room');
    channel.on('e', (data) => heard.push(data));
    await Promise.all([channel.attach(), other.channel('room').attach()]);
    const noticed = until(realtime.connection.state, (state) => state !== 'connected');
    proxy.cut();
    await noticed;
    const receipts = [1, 2, 3].map((n) => channel.publish('e', n));
    await Promise.all(receipts);
    // Each once, as the copy of its own: over HTTP it would have come back.
    expect(heard).toEqual([1, 2, 3]);
  });
});

describe('connections', () => {
  it('a service that falls silent is left, and found again', async () => {
    const scene = await startScene();
    const { realtime } = await scene.client('ann', { heartbeatSlackMs: 200 });
    const channel = realtime.channel('room');
    await channel.attach();
    scene.service.mute();
    await until(realtime.connection.state, (state) => state === 'reconnecting');
    await until(realtime.connection.state, (state) => state === 'connected');
    await channel.publish('e', 1);
  });

  it('a handshake that is refused is tried again', async () => {
    const scene = await startScene();
    scene.service.refuse(2, 503);
    const { realtime } = await scene.client('ann');
    await realtime.channel('room').attach();
  });

  it('a listener that throws is told, and takes nothing from the others', async () => {
    const scene = await startScene();
    const [ann, bob] = await Promise.all([scene.client('ann'), scene.client('bob')]);
    const channel = ann.realtime.channel('room');
    const errors: unknown[] = [];
    ann.realtime.onError(({ code }) => errors.push(code));
    const heard: unknown[] = [];
    channel.on('e', () => {
      throw new Error('of the app');
    });
    channel.on('e', (data) => heard.push(data));
    await channel.attach();
    for (const n of [1, 2]) await bob.realtime.channel('room').publish('e', n);
    await expect.poll(() => heard).toEqual([1, 2]);
    expect(errors).toEqual(['listener_failed', 'listener_failed']);
  });
});

describe('presence', () => {
  it('six changes at once do not close the channel: the sixth waits', async () => {
    const scene = await startScene();
    const [ann, bob] = await Promise.all([scene.client('ann'), scene.client('bob')]);
    const seen: unknown[] = [];
    const { presence } = bob.realtime.channel('room');
    presence.members.subscribe((members) => seen.push(members[0]?.data));
    await bob.realtime.channel('room').attach();
    const channel = ann.realtime.channel('room');
    const states: string[] = [];
    await channel.presence.enter(0);
    channel.state.subscribe((state) => states.push(state));
    const updates = [1, 2, 3, 4, 5, 6].map((n) => channel.presence.update(n));
    for (const update of updates) update.catch(() => {}); // closed at the end
    await updates[0];
    await expect.poll(() => scene.service.joined()).toEqual(['room', 'room']);
    expect(states).toEqual(['attached']);
  });

  it('who has no id is told so', async () => {
    const scene = await startScene();
    const { realtime } = await scene.client('ann', { auth: () => credentials('ann').token });
    expect(await codeOf(realtime.channel('room').presence.enter(1))).toBe('client_id_required');
  });
});

it('a channel that the app has at its own client is refused, not shared', async () => {
  const { RealtimeClient } = await import('@supabase/realtime-js');
  const { createRealtime } = await import('@anywire/core');
  const { supabase } = await import('../src/index.ts');
  const scene = await startScene();
  const client = new RealtimeClient(`${scene.service.url.replace('http', 'ws')}/realtime/v1`, {
    params: { apikey: key },
    timeout: 500,
  });
  client.channel('room');
  const realtime = createRealtime({ adapter: supabase({ client }), log: () => {} });
  expect(await codeOf(realtime.channel('room').attach())).toBe('invalid');
  await realtime.close();
  await client.removeAllChannels();
  await client.disconnect();
});
