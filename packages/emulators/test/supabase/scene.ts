/** An emulated Supabase and real clients of it, in one version of the serializer; all are gone after each test. */
import {
  RealtimeClient,
  type RealtimeChannel,
  type RealtimeClientOptions,
} from '@supabase/realtime-js';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { onTestFinished } from 'vitest';
import {
  signToken,
  startSupabase,
  type SupabaseServer,
  type SupabaseServerOptions,
} from '../../src/supabase/index.ts';
import { forgetVendorTimers } from '../../../../tests/support/vendor-timers.ts';

forgetVendorTimers();

export const jwtSecret = 'a secret of the project';
export const versions = ['1.0.0', '2.0.0'] as const;
export type Version = (typeof versions)[number];

export const token = (claims: object = {}, livesS = 3_600): string =>
  signToken(
    { role: 'authenticated', exp: Math.floor(Date.now() / 1_000) + livesS, ...claims },
    jwtSecret,
  );
export const anonKey = token({ role: 'anon' });
export const serviceKey = token({ role: 'service_role' });

/** Short, but for what a test is about. */
const times = { connectBackoffMs: 0, joinBackoffMs: 0 };

export interface Scene {
  readonly server: SupabaseServer;
  client(options?: RealtimeClientOptions & { readonly key?: string }): RealtimeClient;
  /** Of the whole library, whose client of realtime is made by it. */
  whole(): SupabaseClient;
}

export async function scene(
  vsn: Version,
  { times: given, ...options }: Partial<SupabaseServerOptions> = {},
): Promise<Scene> {
  const server = await startSupabase({ jwtSecret, times: { ...times, ...given }, ...options });
  onTestFinished(() => server.close());
  return {
    server,
    client({ key = anonKey, ...more } = {}) {
      const endpoint = `${server.url.replace('http', 'ws')}/realtime/v1`;
      const client = new RealtimeClient(endpoint, {
        params: { apikey: key },
        vsn,
        // Pushes that nobody answers have a timer, too.
        timeout: 800,
        reconnectAfterMs: () => 20,
        ...more,
      });
      onTestFinished(async () => {
        await client.removeAllChannels();
        await client.disconnect();
      });
      return client;
    },
    whole() {
      const client = createClient(server.url, anonKey, { realtime: { vsn } });
      onTestFinished(async () => {
        await client.removeAllChannels();
      });
      return client;
    },
  };
}

/** Waits, event by event; what came before counts. */
export interface Heard<Item> {
  readonly items: readonly Item[];
  /** Resolves with the first that fits. */
  until(fits: (item: Item) => boolean): Promise<Item>;
  /** Resolves when there are so many. */
  count(wanted: number): Promise<readonly Item[]>;
  add(item: Item): void;
}

export function heard<Item>(): Heard<Item> {
  const items: Item[] = [];
  const waiting = new Set<() => void>();
  const wait = <Value>(look: () => Value | undefined): Promise<Value> =>
    new Promise((resolve) => {
      const task = (): void => {
        const found = look();
        if (found === undefined) return;
        waiting.delete(task);
        resolve(found);
      };
      waiting.add(task);
      task();
    });
  return {
    items,
    until: (fits) => wait(() => items.find(fits)),
    count: (wanted) => wait(() => (items.length >= wanted ? items : undefined)),
    add(item) {
      items.push(item);
      for (const task of waiting) task();
    },
  };
}

export interface Status {
  readonly status: string;
  readonly message: string | undefined;
}

/** Subscribes, and hears what becomes of it. */
export function subscribe(channel: RealtimeChannel, timeoutMs?: number): Heard<Status> {
  const told = heard<Status>();
  channel.subscribe((status, error) => told.add({ status, message: error?.message }), timeoutMs);
  return told;
}

export async function joined(channel: RealtimeChannel): Promise<Heard<Status>> {
  const told = subscribe(channel);
  await told.until(({ status }) => status === 'SUBSCRIBED');
  return told;
}

export interface Message {
  readonly event: string;
  readonly payload?: unknown;
  readonly meta?: unknown;
}

export function broadcasts(channel: RealtimeChannel): Heard<Message> {
  const told = heard<Message>();
  channel.on('broadcast', { event: '*' }, (message) => told.add(message));
  return told;
}

export interface SystemMessage {
  readonly status: string;
  readonly message: string;
  readonly extension: string;
  readonly channel: string;
}

export function systems(channel: RealtimeChannel): Heard<SystemMessage> {
  const told = heard<SystemMessage>();
  channel.on('system', {}, (message: SystemMessage) => told.add(message));
  return told;
}
