/** Schemas, encryption and chunking together, over a hub that carries bytes: live, rewound, resumed and read. */
import { virtualClock } from '@anywire/testkit/clock';
import { expect, it } from 'vitest';
import { z } from 'zod';
import type { RealtimeError } from './errors.ts';
import { chunking } from './chunking.ts';
import { encryption } from './encryption.ts';
import { createRealtime, defineChannels, type Message } from './index.ts';
import { intercept } from './intercept.ts';
import { createMemoryHub, memory } from './memory.ts';

const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, [
  'encrypt',
  'decrypt',
]);
const channels = defineChannels({
  room: { events: { text: z.string().transform((text) => text.length) }, history: true },
});

it('20 messages of up to 200,000 bytes come live, by rewind, after a cut, and in pages', async () => {
  const clock = virtualClock();
  const hub = createMemoryHub({ clock });
  const errors: RealtimeError[] = [];
  const open = (clientId: string, isSecret = true) => {
    const realtime = createRealtime({
      adapter: memory({ hub }),
      channels,
      clientId,
      clock,
      random: () => 0.5,
      log: () => {},
      ...(isSecret && {
        interceptors: intercept(encryption({ keys: () => key, keyId: 'k' }), chunking()),
      }),
    });
    realtime.onError((error) => errors.push(error));
    return { realtime, room: realtime.channel('room') };
  };
  /** Resolves with the data of as many messages. */
  const heard = (room: ReturnType<typeof open>['room'], count: number, rewind = 0) =>
    new Promise<unknown[]>((resolve) => {
      const data: unknown[] = [];
      room.onAny((message) => data.push(message.data) === count && resolve(data), { rewind });
    });
  const [ann, bob, cat] = [open('ann'), open('bob'), open('cat')];
  const lengths = Array.from({ length: 20 }, (_, n) => (n % 5 === 4 ? 200_000 : n));
  const live = heard(bob.room, 20);
  await bob.room.attach();
  const publish = (length: number) => ann.room.publish('text', 'x'.repeat(length));
  const first = await Promise.all(lengths.slice(0, 10).map(publish));
  hub.drop('bob');
  const second = await Promise.all(lengths.slice(10).map(publish));
  await clock.advance(1_000);
  expect(await live).toEqual(lengths);
  expect(await heard(cat.room, 20, 20 + 4 * 4)).toEqual(lengths);
  const read: Message[] = [];
  for await (const page of cat.room.history({ limit: 7 })) read.push(...page.items);
  expect(read.map(({ data }) => data).sort()).toEqual([...lengths].sort());
  const ids = [...first, ...second].map(({ id }) => id).sort();
  expect(read.map(({ id }) => id).sort()).toEqual(ids);
  expect(errors).toEqual([]);

  const thief = open('thief', false);
  const page = (await thief.room.history({ limit: 100 }).next()).value as { items: unknown[] };
  expect(page.items).toEqual([]); // no schema takes what it sees
  expect(new Set(errors.splice(0).map(({ code }) => code))).toEqual(new Set(['invalid']));
  await Promise.all([ann, bob, cat, thief].map(({ realtime }) => realtime.close()));
});
