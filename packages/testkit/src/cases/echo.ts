/** Own messages: live ones as asked, kept ones always. */
import { expect } from 'vitest';
import { dataOf, type ConformanceCase } from '../case.ts';

export const echoCases: readonly ConformanceCase[] = [
  {
    title: 'a client hears its own message once, with the id of the receipt',
    async run({ client, wait, listen, capabilities }) {
      const ann = client();
      const heard = await listen(ann);
      const { id } = await wait(ann.channel().publish('e', 'own'));
      await wait(client().channel().publish('e', 'other'));
      const messages = await heard.count(2);
      expect(dataOf(messages)).toEqual(['own', 'other']);
      expect(messages[0]).toMatchObject({ id, local: capabilities.echo === 'none' });
    },
  },
  {
    title: 'with echo: false it hears others, and not itself',
    async run({ client, wait, listen }) {
      const ann = client();
      const heard = await listen(ann, ann.channel({ echo: false }));
      await wait(ann.channel().publish('e', 'own'));
      await wait(client().channel().publish('e', 'other'));
      expect(dataOf(await heard.count(1))).toEqual(['other']);
    },
  },
  {
    title: 'with echo: false the other instance of the same client is heard',
    async run({ client, wait, listen }) {
      const [tab, phone] = [client('ann'), client('ann')];
      const heard = await listen(tab, tab.channel({ echo: false }));
      await wait(phone.channel().publish('e', 'from the phone'));
      expect(dataOf(await heard.count(1))).toEqual(['from the phone']);
    },
  },
  {
    title: 'with echo: false own messages are in history and rewind all the same',
    needs: ({ history }) => history.support !== 'none',
    async run({ client, wait, collect }) {
      const room = client().channel({ echo: false });
      await wait(room.publish('e', 'own'));
      const page = await wait(room.history().next());
      expect(dataOf(page.value?.items ?? [])).toEqual(['own']);
      const heard = collect<unknown>('messages');
      room.on('e', heard.add, { rewind: 1 });
      expect(await heard.count(1)).toEqual(['own']);
    },
  },
  {
    title: 'an own message whose ack was lost is heard once, although it was sent twice',
    needs: ({ idempotencyWindowMs, resume }) =>
      idempotencyWindowMs > 0 && resume.support !== 'none',
    faults: ['holdAcks', 'drop'],
    async run({ client, wait, later, listen, fault, heal }) {
      const [ann, bob] = [client(), client()];
      const [own, control] = [await listen(ann), await listen(bob)];
      await fault('holdAcks', { client: ann });
      const receipt = later(ann.channel().publish('e', 'mine'));
      await control.count(1);
      await fault('drop', { client: ann });
      await heal();
      await wait(receipt);
      await wait(bob.channel().publish('e', 'end'));
      expect(dataOf(await own.count(2))).toEqual(['mine', 'end']);
    },
  },
];
