/** The vendor's whole library in a page, against the emulator: its own WebSocket, its own requests across origins. */
import { createClient, type RealtimeChannel, type SupabaseClient } from '@supabase/supabase-js';
import { afterEach, describe, expect, inject, it } from 'vitest';
import type {} from '../../../../tests/support/browser-setup.ts';

const url = `http://127.0.0.1:${inject('supabasePort')}`;
const remote = inject('supabaseRemote');
const clients: SupabaseClient[] = [];
let rooms = 0;
const room = (): string => `room-${(rooms += 1)}`;

afterEach(async () => {
  for (const one of clients.splice(0)) await one.removeAllChannels();
});

/** One of the controls of the emulator. */
async function control(...given: unknown[]): Promise<unknown> {
  const response = await fetch(`${remote}/do`, { method: 'POST', body: JSON.stringify(given) });
  return response.json();
}

const joined = (channel: RealtimeChannel): Promise<string[]> =>
  new Promise((resolve) => {
    const statuses: string[] = [];
    channel.subscribe((status) => {
      statuses.push(status);
      if (status === 'SUBSCRIBED') resolve(statuses);
    });
  });

describe.each(['1.0.0', '2.0.0'])('in a page, serializer %s', (vsn) => {
  function client(): SupabaseClient {
    const one = createClient(url, 'sb_publishable_key', {
      realtime: { vsn, reconnectAfterMs: () => 20 },
      auth: { persistSession: false, autoRefreshToken: false, storageKey: room() },
    });
    clients.push(one);
    return one;
  }

  it('broadcasts, with an answer, and hears it', async () => {
    const name = room();
    const [ann, bob] = [client(), client()].map((one) =>
      one.channel(name, { config: { broadcast: { ack: true } } }),
    ) as [RealtimeChannel, RealtimeChannel];
    const heard: unknown[] = [];
    bob.on('broadcast', { event: '*' }, ({ payload }) => heard.push(payload));
    await Promise.all([joined(ann), joined(bob)]);
    expect(await ann.send({ type: 'broadcast', event: 'e', payload: { n: 1 } })).toBe('ok');
    await expect.poll(() => heard).toEqual([{ n: 1 }]);
  });

  it('sends over HTTP, across origins', async () => {
    const name = room();
    const channel = client().channel(name);
    const heard: unknown[] = [];
    channel.on('broadcast', { event: '*' }, ({ payload }) => heard.push(payload));
    await joined(channel);
    expect(await client().channel(name).httpSend('e', { n: 1 })).toEqual({ success: true });
    await expect.poll(() => heard).toEqual([{ n: 1 }]);
  });

  it('has members, also for who comes later', async () => {
    const name = room();
    const [ann, bob] = ['ann', 'bob'].map((key) =>
      client().channel(name, { config: { presence: { key, enabled: true } } }),
    ) as [RealtimeChannel, RealtimeChannel];
    await joined(ann);
    expect(await ann.track({ mood: 'calm' })).toBe('ok');
    await joined(bob);
    await expect.poll(() => bob.presenceState()).toMatchObject({ ann: [{ mood: 'calm' }] });
    await ann.untrack();
    await expect.poll(() => bob.presenceState()).toEqual({});
  });

  it('hears of changes of a table', async () => {
    const channel = client().channel(room());
    const heard: unknown[] = [];
    let isReady = false;
    channel.on('postgres_changes', { event: '*', schema: 'public', table: `t${vsn}` }, (change) =>
      heard.push(change.new),
    );
    channel.on('system' as never, {} as never, () => (isReady = true));
    await joined(channel);
    await expect.poll(() => isReady).toBe(true);
    await control('change', { type: 'INSERT', table: `t${vsn}`, record: { id: 1 } });
    await expect.poll(() => heard).toEqual([{ id: 1 }]);
  });

  it('comes back after a cut', async () => {
    const statuses = await joined(client().channel(room()));
    await control('drop');
    await expect.poll(() => statuses).toEqual(['SUBSCRIBED', 'CHANNEL_ERROR', 'SUBSCRIBED']);
  });

  it('is refused a private channel as anybody', async () => {
    const channel = client().channel(room(), { config: { private: true } });
    const reason = await new Promise<string | undefined>((resolve) => {
      channel.subscribe((_, error) => resolve(error?.message));
    });
    expect(reason).toContain('Unauthorized');
  });
});
