/** What a publish promises, from the call to its receipt. */
import type { AckLevel } from '@anywire/core';
import { expect } from 'vitest';
import { dataOf, upTo, type ConformanceCase } from '../case.ts';

const levels: readonly AckLevel[] = ['none', 'written', 'accepted', 'stored'];

export const publishCases: readonly ConformanceCase[] = [
  {
    title: 'a receipt has an id, the declared level, and a serial where the level is stored',
    async run({ client, wait, capabilities }) {
      const ann = client();
      const first = await wait(ann.channel().publish('e', 1));
      const second = await wait(ann.channel().publish('e', 2));
      expect(first).toMatchObject({ level: capabilities.ack, attempts: 1 });
      expect(first.id).toMatch(/^[^:]+:\d+$/);
      expect(second.id).not.toBe(first.id);
      expect(first.serial !== undefined).toBe(capabilities.ack === 'stored');
    },
  },
  {
    title: 'every kind of JSON value arrives as it was sent',
    async run({ client, wait, listen }) {
      const values: unknown[] = [
        null, true, false, 0, -1.5, 1e21, 2 ** 53 - 1, '', 'ünï\u2028"\\\n', '👩‍👩‍👧', [], {},
        [[1, [2]], { a: { b: [null] } }], JSON.parse('{"__proto__":{"x":1},"constructor":2}'),
      ]; // prettier-ignore
      const ann = client();
      const heard = await listen(client());
      await wait(Promise.all(values.map((value) => ann.channel().publish('e', value))));
      expect(dataOf(await heard.count(values.length))).toEqual(values);
      expect(Object.keys(heard.items.at(-1)?.data as object)).toContain('__proto__');
    },
  },
  {
    title: 'what cannot be written as JSON is refused as invalid, and nothing is sent',
    async run({ client, wait, listen, code }) {
      const ann = client();
      const heard = await listen(client());
      const circle: unknown[] = [];
      circle.push(circle);
      for (const data of [undefined, () => 1, 10n, circle, Symbol('s')])
        expect(await code(ann.channel().publish('e', data))).toBe('invalid');
      await wait(ann.channel().publish('e', 'valid'));
      expect(dataOf(await heard.count(1))).toEqual(['valid']);
    },
  },
  {
    title: '10 publishes before there is a connection are sent in order once there is one',
    async run({ client, wait, listen }) {
      const heard = await listen(client());
      const ann = client();
      const receipts = await wait(Promise.all(upTo(10).map((n) => ann.channel().publish('e', n))));
      expect(receipts.every(({ attempts }) => attempts === 1)).toBe(true);
      expect(dataOf(await heard.count(10))).toEqual(upTo(10));
    },
  },
  {
    title: '5 publishes while offline wait in the outbox, and are sent in order afterwards',
    faults: ['refuse'],
    async run({ client, wait, later, listen, fault, heal, until }) {
      const [ann, bob] = [client(), client()];
      const heard = await listen(bob);
      const room = ann.channel();
      await wait(room.publish('e', 0));
      await fault('refuse', { client: ann });
      await until(ann.realtime.connection.state, 'reconnecting');
      const receipts = upTo(5).map((n) => later(room.publish('e', n)));
      const waiting = ann.realtime.outbox.entries.get();
      expect(waiting.map(({ data, state }) => [data, state])).toEqual(
        upTo(5).map((n) => [n, 'waiting']),
      );
      await heal();
      await wait(Promise.all(receipts));
      expect(dataOf(await heard.count(6))).toEqual([0, ...upTo(5)]);
      expect(ann.realtime.outbox.entries.get()).toEqual([]);
    },
  },
  {
    title: 'a demand for a level up to the declared one is met',
    async run({ client, wait, capabilities }) {
      const room = client().channel();
      for (const ack of levels.slice(0, levels.indexOf(capabilities.ack) + 1)) {
        const { level } = await wait(room.publish('e', 1, { ack }));
        expect(levels.indexOf(level)).toBeGreaterThanOrEqual(levels.indexOf(ack));
      }
    },
  },
  {
    title: 'a demand for a level above the declared one is unsupported, and nothing is sent',
    needs: ({ ack }) => ack !== 'stored',
    async run({ client, wait, listen, code, capabilities }) {
      const [ann, bob] = [client(), client()];
      const heard = await listen(bob);
      for (const ack of levels.slice(levels.indexOf(capabilities.ack) + 1))
        expect(await code(ann.channel().publish('e', 1, { ack }))).toBe('unsupported');
      await wait(ann.channel().publish('e', 'sent'));
      expect(dataOf(await heard.count(1))).toEqual(['sent']);
    },
  },
  {
    title: 'a publish whose ack was lost is sent again and delivered once',
    needs: ({ idempotencyWindowMs }) => idempotencyWindowMs > 0,
    faults: ['holdAcks', 'drop'],
    async run({ client, wait, later, listen, fault, heal }) {
      const [ann, bob] = [client(), client()];
      const heard = await listen(bob);
      await wait(ann.realtime.connection.connect());
      await fault('holdAcks', { client: ann });
      const receipt = later(ann.channel().publish('e', 'lost ack'));
      await heard.count(1);
      await fault('drop', { client: ann });
      await heal();
      expect((await wait(receipt)).attempts).toBe(2);
      await wait(ann.channel().publish('e', 'next'));
      expect(dataOf(await heard.count(2))).toEqual(['lost ack', 'next']);
    },
  },
  {
    title: 'where a resend could be delivered twice, a lost ack is outcome_unknown',
    needs: ({ idempotencyWindowMs, ack }) => idempotencyWindowMs === 0 && ack !== 'written',
    faults: ['holdAcks', 'drop'],
    async run({ client, listen, fault, heal, code, wait }) {
      const [ann, bob] = [client(), client()];
      const heard = await listen(bob);
      await wait(ann.realtime.connection.connect());
      await fault('holdAcks', { client: ann });
      const outcome = code(ann.channel().publish('e', 1));
      await heard.count(1);
      await fault('drop', { client: ann });
      await heal();
      expect(await outcome).toBe('outcome_unknown');
    },
  },
  {
    title: 'an aborted publish rejects at once; one that was not sent never arrives',
    faults: ['refuse'],
    async run({ client, wait, later, listen, fault, heal, until, code }) {
      const [ann, bob] = [client(), client()];
      const heard = await listen(bob);
      const room = ann.channel();
      await wait(room.publish('e', 'before'));
      expect(await code(room.publish('e', 'never', { signal: AbortSignal.abort() }))).toBe(
        'aborted',
      );
      await fault('refuse', { client: ann });
      await until(ann.realtime.connection.state, 'reconnecting');
      const abort = new AbortController();
      const aborted = code(room.publish('e', 'aborted', { signal: abort.signal }));
      const after = later(room.publish('e', 'after'));
      abort.abort();
      expect(await aborted).toBe('aborted');
      await heal();
      await wait(after);
      expect(dataOf(await heard.count(2))).toEqual(['before', 'after']);
    },
  },
  {
    title: 'a publish after close() rejects with closed',
    async run({ client, wait, code }) {
      const ann = client();
      await wait(ann.channel().publish('e', 1));
      await wait(ann.realtime.close());
      expect(await code(ann.channel().publish('e', 2))).toBe('closed');
    },
  },
  {
    title: 'a volatile publish without a connection is dropped: level none, 0 attempts',
    async run({ client, wait }) {
      const ann = client();
      const receipt = await wait(ann.channel().publish('e', 1, { volatile: true }));
      expect(receipt).toMatchObject({ level: 'none', attempts: 0, serial: undefined });
      expect(ann.realtime.outbox.entries.get()).toEqual([]);
    },
  },
  {
    title: 'a volatile publish on a connection proves nothing, and is not kept',
    async run({ client, wait, listen, capabilities }) {
      const ann = client();
      const messages = await listen(ann);
      const room = ann.channel();
      const receipt = await wait(room.publish('e', 'gone', { volatile: true }));
      expect(receipt).toMatchObject({ level: 'none', attempts: 1, serial: undefined });
      await wait(client().channel().publish('e', 'kept'));
      await messages.until('the kept one', (items) => items.some(({ data }) => data === 'kept'));
      if (capabilities.history.support === 'none') return;
      const page = await wait(room.history().next());
      expect(dataOf(page.value?.items ?? [])).toEqual(['kept']);
    },
  },
  {
    title: 'a payload over the declared size is refused before the wire, one of the size arrives',
    needs: ({ maxPayloadBytes }) => maxPayloadBytes <= 2 ** 24,
    async run({ client, wait, listen, code, capabilities: { maxPayloadBytes } }) {
      const [ann, bob] = [client(), client()];
      const heard = await listen(bob);
      const text = (bytes: number): string => 'x'.repeat(bytes - 2); // the quotes count
      const room = ann.channel();
      expect(await code(room.publish('e', text(maxPayloadBytes + 1)))).toBe('payload_too_large');
      await wait(room.publish('e', text(maxPayloadBytes)));
      const [message] = await heard.count(1);
      expect((message?.data as string).length).toBe(maxPayloadBytes - 2);
    },
  },
];
