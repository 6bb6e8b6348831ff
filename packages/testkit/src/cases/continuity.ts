/** No silent loss: after an interruption everything has arrived, or the app was told. */
import type { Capabilities, Gap } from '@anywire/core';
import { expect } from 'vitest';
import { dataOf, upTo, type CaseContext, type ConformanceCase, type TestClient } from '../case.ts';
import type { Collected } from '../wait.ts';

/** Collects the gaps of a client's channel. */
function gapsOf({ collect }: CaseContext, client: TestClient, name?: string): Collected<Gap> {
  const gaps = collect<Gap>('gaps');
  const channel = name === undefined ? client.channel() : client.realtime.channel(name);
  channel.onGap(gaps.add);
  return gaps;
}

/** `ann` publishes 1 and is heard; while `bob` is away she publishes 2 to 5; he comes back, and she publishes 6. */
async function outage(context: CaseContext): Promise<{ heard: unknown[]; gaps: readonly Gap[] }> {
  const { client, wait, listen, fault, heal, until } = context;
  const [ann, bob] = [client(), client()];
  const gaps = gapsOf(context, bob);
  const messages = await listen(bob);
  const room = ann.channel();
  await wait(room.publish('e', 1));
  await messages.count(1);
  await fault('refuse', { client: bob });
  await until(bob.realtime.connection.state, 'reconnecting');
  for (const n of [2, 3, 4, 5]) await wait(room.publish('e', n));
  await heal();
  await until(bob.channel().state, 'attached');
  await wait(room.publish('e', 6));
  await messages.until('the last message', (items) => items.at(-1)?.data === 6);
  return { heard: dataOf(messages.items), gaps: gaps.items };
}

/** What was missed can be found again: by the backend, or by core in the history. */
const canBridge = ({ resume, history }: Capabilities): boolean =>
  resume.support !== 'none' || history.support !== 'none';

/** Also where nothing was delivered before. */
const canBridgeAll = ({ resume, history }: Capabilities): boolean =>
  resume.support !== 'none' || history.after;

export const continuityCases: readonly ConformanceCase[] = [
  {
    title: '4 messages that were missed arrive in order and once, and no gap is told',
    needs: canBridge,
    faults: ['refuse'],
    async run(context) {
      expect(await outage(context)).toEqual({ heard: upTo(6), gaps: [] });
    },
  },
  {
    title: 'whatever the backend can do: all of 4 missed messages arrive, or one gap is told',
    faults: ['refuse'],
    async run(context) {
      const { heard, gaps } = await outage(context);
      expect(heard).toEqual([...new Set(heard)].sort());
      expect(gaps).toHaveLength(heard.length === 6 ? 0 : 1);
    },
  },
  {
    title: 'a service that forgot is told once for each of 2 channels, and new messages flow',
    faults: ['forget'],
    otherChannels: true,
    async run(context) {
      const { client, name, other, wait, fault, until, collect } = context;
      const [ann, bob] = [client(), client()];
      const names = [name, other('second')];
      const gaps = names.map((channel) => gapsOf(context, bob, channel));
      const heard = names.map((channel) => {
        const messages = collect<unknown>('messages');
        bob.realtime.channel(channel).on('e', messages.add);
        return messages;
      });
      for (const channel of names) {
        await wait(bob.realtime.channel(channel).attach());
        await wait(ann.realtime.channel(channel).publish('e', 'before'));
      }
      for (const messages of heard) await messages.count(1);
      await fault('forget');
      for (const [index, channel] of names.entries()) {
        const [gap] = (await gaps[index]?.count(1)) ?? [];
        expect(gap).toMatchObject({ channel });
        expect(['lost', 'unknown']).toContain(gap?.continuity);
        await until(bob.realtime.channel(channel).state, 'attached');
        await wait(ann.realtime.channel(channel).publish('e', 'after'));
        expect(await heard[index]?.count(2)).toEqual(['before', 'after']);
        expect(gaps[index]?.items).toHaveLength(1);
      }
    },
  },
  {
    title: 'an outage in which nothing was published is no gap',
    needs: canBridgeAll,
    faults: ['drop'],
    async run(context) {
      const { client, fault, comeBack, listen, wait } = context;
      const [ann, bob] = [client(), client()];
      const gaps = gapsOf(context, bob);
      const heard = await listen(bob);
      await comeBack([bob.channel()], () => fault('drop', { client: bob }));
      await wait(ann.channel().publish('e', 1));
      await heard.count(1);
      expect(gaps.items).toEqual([]);
    },
  },
  {
    title: '5 drops in a row, with a message between each two, lose and repeat nothing',
    needs: canBridgeAll,
    faults: ['drop'],
    async run(context) {
      const { client, fault, comeBack, listen, wait } = context;
      const [ann, bob] = [client(), client()];
      const gaps = gapsOf(context, bob);
      const heard = await listen(bob);
      for (const n of upTo(5)) {
        await comeBack([bob.channel()], async () => {
          await fault('drop', { client: bob });
          await wait(ann.channel().publish('e', n));
        });
      }
      expect(dataOf(await heard.count(5))).toEqual(upTo(5));
      expect(gaps.items).toEqual([]);
    },
  },
  {
    title: '4 missed messages come before the 10 that are published while the channel attaches',
    needs: canBridgeAll,
    faults: ['refuse'],
    async run(context) {
      const { client, wait, later, listen, fault, heal, until } = context;
      const [ann, bob] = [client(), client()];
      const gaps = gapsOf(context, bob);
      const heard = await listen(bob);
      const room = ann.channel();
      await fault('refuse', { client: bob });
      await until(bob.realtime.connection.state, 'reconnecting');
      for (const n of upTo(4)) await wait(room.publish('e', n));
      await heal();
      const stop = bob.channel().state.subscribe((state) => {
        if (state !== 'attached') return;
        for (const n of upTo(10)) void later(room.publish('e', 4 + n));
      });
      expect(dataOf(await heard.count(14))).toEqual(upTo(14));
      expect(gaps.items).toEqual([]);
      stop();
    },
  },
  {
    title:
      'where nothing can be resumed nor read, resume cannot be required, and 2 interruptions are 2 gaps',
    needs: (capabilities) => !canBridge(capabilities),
    faults: ['drop'],
    async run(context) {
      const { client, name, fault, comeBack, listen, wait } = context;
      const [ann, bob] = [client(), client()];
      expect(() => bob.realtime.channel(name, { require: { resume: true } })).toThrow(
        'unsupported',
      );
      expect(bob.realtime.supports('resume')).toBe(false);
      const gaps = gapsOf(context, bob);
      await listen(bob);
      for (const count of upTo(2)) {
        await comeBack([bob.channel()], async () => {
          await fault('drop', { client: bob });
          await wait(ann.channel().publish('e', count));
        });
        await gaps.count(count);
      }
      expect(gaps.items).toHaveLength(2);
    },
  },
];
