/** Bytes as the data of a message, and what a backend does that cannot carry them. */
import { expect } from 'vitest';
import { dataOf, type CaseContext, type ConformanceCase } from '../case.ts';

const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, n) => n % 256);

/** The most bytes that fit, where base64 makes four of three; at most 60 KB. */
const largest = ({ binary, maxPayloadBytes }: CaseContext['capabilities']): number =>
  Math.min(61_440, binary === 'native' ? maxPayloadBytes : Math.floor(maxPayloadBytes / 4) * 3);

const hasBinary: ConformanceCase['needs'] = ({ binary }) => binary !== 'none';

export const binaryCases: readonly ConformanceCase[] = [
  {
    title: '0 bytes, 1 byte, all 256 values and 60 KB arrive as they were, as a plain Uint8Array',
    needs: hasBinary,
    async run({ client, wait, listen, capabilities }) {
      const [ann, bob] = [client(), client()];
      const [own, heard] = [await listen(ann), await listen(bob)];
      const sent = [0, 1, 256, largest(capabilities)].map(bytes);
      for (const data of sent) await wait(ann.channel().publish('e', data));
      for (const messages of [own, heard]) {
        const received = dataOf(await messages.count(sent.length)) as Uint8Array[];
        expect(received.map(({ constructor }) => constructor)).toEqual(sent.map(() => Uint8Array));
        expect(received).toEqual(sent);
      }
    },
  },
  {
    title: 'bytes are what they were at the call, and no two clients share them',
    needs: hasBinary,
    async run({ client, wait, later, listen }) {
      const [ann, bob] = [client(), client()];
      const [own, heard] = [await listen(ann), await listen(bob)];
      const data = bytes(3);
      const receipt = later(ann.channel().publish('e', data));
      data[0] = 99;
      await wait(receipt);
      const [message] = await own.count(1);
      (message?.data as Uint8Array)[1] = 99;
      await wait(ann.channel().publish('e', 'next'));
      expect(dataOf(await heard.count(2))).toEqual([bytes(3), 'next']);
    },
  },
  {
    title: 'bytes and JSON alternate in one channel without being taken for each other',
    needs: hasBinary,
    async run({ client, wait, listen }) {
      const ann = client();
      const heard = await listen(client());
      const sent = [bytes(3), 'AAEC', { d: 'AAEC', b: 1 }, bytes(0), '', [0, 1, 2]];
      await wait(Promise.all(sent.map((data) => ann.channel().publish('e', data))));
      expect(dataOf(await heard.count(sent.length))).toEqual(sent);
    },
  },
  {
    title: 'history holds bytes',
    needs: ({ binary, history }) => binary !== 'none' && history.support !== 'none',
    async run({ client, wait }) {
      const room = client().channel();
      await wait(room.publish('e', bytes(256)));
      const { value } = await wait(room.history().next());
      expect(dataOf(value?.items ?? [])).toEqual([bytes(256)]);
    },
  },
  {
    title: 'a rewind holds bytes',
    needs: ({ binary, rewind }) => binary !== 'none' && rewind !== 'none',
    async run({ client, wait, collect }) {
      const [ann, bob] = [client(), client()];
      await wait(ann.channel().publish('e', bytes(256)));
      const heard = collect<unknown>('data');
      bob.channel().on('e', heard.add, { rewind: 1 });
      expect(await heard.count(1)).toEqual([bytes(256)]);
    },
  },
  {
    title: 'bytes over the declared size are refused before the wire: they count as they travel',
    needs: ({ binary, maxPayloadBytes }) => binary !== 'none' && maxPayloadBytes <= 2 ** 24,
    async run({ client, wait, listen, code, capabilities: { binary, maxPayloadBytes } }) {
      const [ann, bob] = [client(), client()];
      const heard = await listen(bob);
      const most = binary === 'native' ? maxPayloadBytes : Math.floor(maxPayloadBytes / 4) * 3;
      const room = ann.channel();
      expect(await code(room.publish('e', bytes(most + 1)))).toBe('payload_too_large');
      await wait(room.publish('e', bytes(most)));
      expect(dataOf(await heard.count(1))).toEqual([bytes(most)]);
    },
  },
  {
    title: 'a backend without binary data refuses them as unsupported, and nothing is sent',
    needs: ({ binary }) => binary === 'none',
    async run({ client, wait, listen, code }) {
      const ann = client();
      const heard = await listen(client());
      expect(await code(ann.channel().publish('e', bytes(3)))).toBe('unsupported');
      await wait(ann.channel().publish('e', 'text'));
      expect(dataOf(await heard.count(1))).toEqual(['text']);
    },
  },
];
