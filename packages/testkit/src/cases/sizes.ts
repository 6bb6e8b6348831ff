/** What is too much is refused here, and what is just not too much arrives. */
import { expect } from 'vitest';
import type { ConformanceCase } from '../case.ts';

export const sizeCases: readonly ConformanceCase[] = [
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
  {
    title: 'a limit of 1,000 bytes that the service states is kept before the wire',
    faults: ['narrow'],
    async run({ client, wait, until, fault, code, listen }) {
      await fault('narrow', { count: 1_000 });
      const ann = client();
      const heard = await listen(client());
      await wait(ann.realtime.connection.connect());
      const states: string[] = [];
      ann.realtime.connection.state.subscribe((state) => states.push(state));
      const room = ann.channel();
      expect(await code(room.publish('e', 'x'.repeat(1_000)))).toBe('payload_too_large');
      await wait(room.publish('e', 'x'.repeat(998)));
      await heard.count(1);
      await until(ann.realtime.connection.state, 'connected');
      expect(states).toEqual(['connected']);
    },
  },
];
