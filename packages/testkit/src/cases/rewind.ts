/** A listener's own look back, and the seam between it and what is live. */
import type { Message } from '@anywire/core';
import { expect } from 'vitest';
import { dataOf, upTo, type CaseContext, type ConformanceCase } from '../case.ts';
import type { Collected } from '../wait.ts';

const possible: ConformanceCase['needs'] = ({ rewind, history }) =>
  rewind !== 'none' || history.support !== 'none';

/** Also for who comes when the channel is attached. */
const possibleLate: ConformanceCase['needs'] = ({ history }) => history.support !== 'none';

/** Listens with a rewind. */
function rewound(
  { collect }: CaseContext,
  room: ReturnType<ReturnType<CaseContext['client']>['channel']>,
  rewind: number,
): Collected<Message> {
  const messages = collect<Message>('messages');
  room.onAny(messages.add, { rewind });
  return messages;
}

export const rewindCases: readonly ConformanceCase[] = [
  {
    title: 'the first listener gets the last 3 of 5 messages, marked as replayed, then live ones',
    needs: possible,
    async run(context) {
      const { client, wait } = context;
      const [ann, bob] = [client(), client()];
      for (const n of upTo(5)) await wait(ann.channel().publish('e', n));
      const heard = rewound(context, bob.channel(), 3);
      await heard.count(3);
      await wait(ann.channel().publish('e', 6));
      const messages = await heard.count(4);
      expect(messages.map(({ data, replayed }) => [data, replayed])).toEqual([
        [3, true],
        [4, true],
        [5, true],
        [6, false],
      ]);
    },
  },
  {
    title: 'the seam has no hole and no repetition while 40 messages are being published',
    needs: (capabilities) => possibleLate(capabilities) && capabilities.order !== 'none',
    async run(context) {
      const { client, wait, later } = context;
      const [ann, bob] = [client(), client()];
      await wait(bob.realtime.connection.connect());
      const sent: Promise<unknown>[] = [];
      const heard: Collected<Message>[] = [];
      for (const n of upTo(40)) {
        sent.push(later(ann.channel().publish('e', n)));
        if (n % 10 === 5) heard.push(rewound(context, bob.channel(), 100));
        if (n % 4 === 0) await wait(sent[n - 2] as Promise<unknown>);
      }
      await wait(Promise.all(sent));
      for (const messages of heard) expect(dataOf(await messages.count(40))).toEqual(upTo(40));
    },
  },
  {
    title: 'a listener that joins an attached channel gets its own last 2, and the others do not',
    needs: possibleLate,
    async run(context) {
      const { client, wait, listen } = context;
      const [ann, bob] = [client(), client()];
      const first = await listen(bob);
      for (const n of upTo(3)) await wait(ann.channel().publish('e', n));
      await first.count(3);
      const late = rewound(context, bob.channel(), 2);
      await late.count(2);
      await wait(ann.channel().publish('e', 4));
      expect(dataOf(await late.count(3))).toEqual([2, 3, 4]);
      expect(dataOf(await first.count(4))).toEqual([1, 2, 3, 4]);
    },
  },
  {
    title: 'two listeners of one tick, of 1 and of 3 messages, get 1 and 3',
    needs: possible,
    async run(context) {
      const { client, wait } = context;
      const [ann, bob] = [client(), client()];
      for (const n of upTo(5)) await wait(ann.channel().publish('e', n));
      const [one, three] = [rewound(context, bob.channel(), 1), rewound(context, bob.channel(), 3)];
      await Promise.all([one.count(1), three.count(3)]);
      await wait(ann.channel().publish('e', 6));
      expect(dataOf(await one.count(2))).toEqual([5, 6]);
      expect(dataOf(await three.count(4))).toEqual([3, 4, 5, 6]);
    },
  },
  {
    title: 'a rewind of 50 over an empty channel gives nothing, and live messages follow',
    needs: possible,
    async run(context) {
      const { client, wait } = context;
      const [ann, bob] = [client(), client()];
      const heard = rewound(context, bob.channel(), 50);
      await wait(bob.channel().attach());
      await wait(ann.channel().publish('e', 1));
      const [message] = await heard.count(1);
      expect(message).toMatchObject({ data: 1, replayed: false });
    },
  },
  {
    title: 'a re-attach after a drop does not repeat the rewind',
    needs: (capabilities) => possible(capabilities) && capabilities.resume.support !== 'none',
    faults: ['drop'],
    async run(context) {
      const { client, wait, fault, comeBack } = context;
      const [ann, bob] = [client(), client()];
      for (const n of upTo(3)) await wait(ann.channel().publish('e', n));
      const heard = rewound(context, bob.channel(), 2);
      await heard.count(2);
      await comeBack([bob.channel()], () => fault('drop', { client: bob }));
      await wait(ann.channel().publish('e', 4));
      expect(dataOf(await heard.count(3))).toEqual([2, 3, 4]);
    },
  },
  {
    title: 'a listener that mounts again after a detach gets its rewind again',
    needs: possible,
    async run(context) {
      const { client, wait, until, collect } = context;
      const room = client(undefined, { lingerMs: 0 }).channel();
      for (const n of upTo(3)) await wait(room.publish('e', n));
      for (let mounts = 0; mounts < 2; mounts += 1) {
        const heard = collect<unknown>('messages');
        const off = room.on('e', heard.add, { rewind: 2 });
        expect(await heard.count(2)).toEqual([2, 3]);
        off();
        await until(room.state, 'detached');
      }
    },
  },
  {
    title: 'where nothing is kept, a rewind is refused as unsupported',
    needs: ({ rewind, history }) => rewind === 'none' && history.support === 'none',
    async run({ client, name }) {
      const { realtime, channel } = client();
      expect(() => channel().on('e', () => {}, { rewind: 1 })).toThrow('unsupported');
      expect(realtime.supports('rewind')).toBe(false);
      expect(() => realtime.channel(name, { require: { rewind: true } })).toThrow('unsupported');
      expect(realtime.connection.state.get()).toBe('idle');
    },
  },
  {
    title:
      'a listener that begins during an outage gets the last 2 of 3 when the connection is back',
    needs: possible,
    faults: ['refuse'],
    async run(context) {
      const { client, wait, fault, heal, until } = context;
      const [ann, bob] = [client(), client()];
      await wait(bob.realtime.connection.connect());
      await fault('refuse', { client: bob });
      await until(bob.realtime.connection.state, 'reconnecting');
      for (const n of upTo(3)) await wait(ann.channel().publish('e', n));
      const heard = rewound(context, bob.channel(), 2);
      await heal();
      await heard.count(2);
      await wait(ann.channel().publish('e', 4));
      expect(dataOf(await heard.count(3))).toEqual([2, 3, 4]);
    },
  },
];
