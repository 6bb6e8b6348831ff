/** What a backend can do, and how much of it: capabilities are a ceiling, and nobody exceeds a rate. */
import type { Capabilities, RateLimit } from '@anywire/core';
import { expect } from 'vitest';
import { dataOf, upTo, type ConformanceCase } from '../case.ts';

/** Of acks and of support, lowest first. */
const ranks = ['none', 'written', 'emulated', 'accepted', 'native', 'stored'];

/** Paths at which `has` is more than `declared`; rates apart, of which there may be more. */
function more(has: unknown, declared: unknown, path = ''): string[] {
  if (Array.isArray(declared) || path === '.limits') return [];
  if (typeof declared === 'object' && declared !== null)
    return Object.entries(has as object).flatMap(([name, value]) =>
      more(value, (declared as Record<string, unknown>)[name], `${path}.${name}`),
    );
  const isMore =
    typeof has === 'string'
      ? ranks.indexOf(has) > ranks.indexOf(String(declared))
      : Number(has) > Number(declared);
  // A duty is no feature.
  return isMore && path !== '.publish.needsAttach' ? [path] : [];
}

/** More operations than the sharpest rate lets go in two windows; 0 where there is none, or one of long windows. */
const tooMany = (rates: readonly RateLimit[] = []): number =>
  rates.length > 0 && rates.every(({ perMs }) => perMs <= 2_000)
    ? 2 * Math.min(...rates.map(({ max }) => max)) + 1
    : 0;

export const limitCases: readonly ConformanceCase[] = [
  {
    title: 'publishes beyond the rate wait their turn: none is refused, and all arrive in order',
    needs: ({ limits }) => tooMany(limits.publish) > 0,
    async run({ client, wait, listen, capabilities }) {
      const [ann, bob] = [client(), client()];
      const heard = await listen(bob);
      const count = tooMany(capabilities.limits.publish);
      const publishes = upTo(count).map((n) => ann.channel().publish('e', n));
      await wait(Promise.all(publishes));
      expect(dataOf(await heard.count(count))).toEqual(upTo(count));
    },
  },
  {
    title: 'attaches beyond the rate wait their turn, and all channels get their messages',
    needs: ({ limits }) => tooMany(limits.attach) > 0,
    otherChannels: true,
    async run({ client, other, until, wait, capabilities }) {
      const ann = client();
      const rooms = upTo(tooMany(capabilities.limits.attach)).map((n) =>
        ann.realtime.channel(other(String(n))),
      );
      for (const room of rooms) room.on('e', () => {});
      await wait(Promise.all(rooms.map((room) => until(room.state, 'attached'))));
    },
  },
  {
    title: 'presence updates beyond the rate are not refused, and others see the last one',
    needs: ({ limits, presence }) =>
      tooMany(limits.presence) > 0 && presence.watchOnly && presence.update !== 'none',
    async run({ client, until, wait, capabilities }) {
      const [ann, bob] = [client(), client()];
      const { members } = bob.channel().presence;
      const count = tooMany(capabilities.limits.presence);
      await wait(ann.channel().presence.enter(0));
      await wait(Promise.all(upTo(count).map((n) => ann.channel().presence.update(n))));
      await until(members, ([member]) => member?.data === count);
    },
  },
  {
    title: 'no channel has more than the adapter declares, before and after it is attached',
    async run({ client, wait, capabilities }) {
      const room = client().channel();
      const before: Capabilities = room.capabilities;
      await wait(room.attach());
      expect([...more(before, capabilities), ...more(room.capabilities, capabilities)]).toEqual([]);
    },
  },
];
