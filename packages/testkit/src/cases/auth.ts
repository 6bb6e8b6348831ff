/** Who a client is, when the app is asked for credentials, and what a refusal does. */
import { RealtimeError } from '@anywire/core';
import { expect } from 'vitest';
import { dataOf, type ConformanceCase } from '../case.ts';

export const authCases: readonly ConformanceCase[] = [
  {
    title: 'asks the app once to connect, and is who the credentials say',
    credentials: true,
    async run({ client, wait }) {
      const ann = client('ann');
      await Promise.all([wait(ann.realtime.connection.connect()), wait(ann.channel().attach())]);
      expect(ann.asked.items).toEqual(['connect']);
      expect(ann.realtime.connection.clientId).toBe('ann');
    },
  },
  {
    title:
      'the sender of a message is verified, or said not to be, and is not what the payload claims',
    credentials: true,
    async run({ client, wait, listen, capabilities }) {
      const heard = await listen(client('ann'));
      const verified = capabilities.senders !== 'claimed';
      await wait(client('bob').channel().publish('e', { clientId: 'cat', sender: 'cat' }));
      const [message] = await heard.count(1);
      expect(message?.sender).toMatchObject({ clientId: 'bob', verified });
    },
  },
  {
    title: 'asks again after the service refused, until it does not',
    credentials: true,
    faults: ['refuseAuth'],
    async run({ client, fault, heal, until }) {
      const ann = client();
      await fault('refuseAuth');
      ann.channel().on('e', () => {});
      await ann.asked.until('a question after a refusal', (asked) => asked.includes('refused'));
      expect(ann.asked.items[0]).toBe('connect');
      expect(ann.realtime.connection.state.get()).not.toBe('connected');
      await heal();
      await until(ann.channel().state, 'attached');
    },
  },
  {
    title: 'asks before the credentials expire, and the connection goes on',
    credentials: true,
    async run({ client, wait, until, listen }) {
      const ann = client('ann', { ttlMs: 1_500 });
      const heard = await listen(ann);
      const states: string[] = [];
      ann.realtime.connection.state.subscribe((state) => states.push(state));
      const asked = await ann.asked.until('2 questions before expiry', ({ length }) => length > 2);
      expect(asked.slice(0, 3)).toEqual(['connect', 'expiring', 'expiring']);
      await until(ann.realtime.connection.state, 'connected');
      expect(new Set(states)).toEqual(new Set(['connected']));
      await wait(client('bob').channel().publish('e', 1));
      await heard.count(1);
    },
  },
  {
    title: 'a token that expired on a live connection is replaced by a fresh one',
    credentials: true,
    faults: ['expireTokens'],
    async run({ client, fault, until, listen, wait }) {
      const ann = client('ann');
      const heard = await listen(ann);
      await fault('expireTokens');
      await ann.asked.count(2);
      expect(ann.asked.items).toEqual(['connect', 'refused']);
      await until(ann.channel().state, 'attached');
      await wait(client('bob').channel().publish('e', 1));
      await heard.count(1);
    },
  },
  {
    title: 'an app that throws something is asked again, and reconnects',
    credentials: true,
    async run({ client, wait }) {
      let failures = 2;
      const ann = client('ann', {
        auth: async (_, usual) => {
          if ((failures -= 1) >= 0) throw new TypeError('no network');
          return usual();
        },
      });
      await wait(ann.realtime.connection.connect());
      expect(ann.asked.items).toHaveLength(3);
    },
  },
  {
    title: 'auth_denied by the app is terminal: failed, nothing is tried again, everything rejects',
    credentials: true,
    async run({ client, code, until, wait }) {
      let isDenied = true;
      const ann = client('ann', {
        auth: (_, usual) =>
          isDenied ? Promise.reject(new RealtimeError('auth_denied', 'not you')) : usual(),
      });
      const room = ann.channel();
      const codes = [
        code(ann.realtime.connection.connect()),
        code(room.attach()),
        code(room.publish('e', 1)),
      ];
      expect(await Promise.all(codes)).toEqual(['auth_denied', 'auth_denied', 'auth_denied']);
      expect(ann.realtime.connection.state.get()).toBe('failed');
      expect(ann.realtime.connection.error?.code).toBe('auth_denied');
      expect(await code(room.publish('e', 2))).toBe('auth_denied');
      expect(ann.asked.items).toEqual(['connect']);
      isDenied = false;
      await wait(ann.realtime.connection.connect());
      await until(ann.realtime.connection.state, 'connected');
      ann.errors.splice(0);
    },
  },
  {
    title: 'a token refused while it comes back is replaced, and what was missed meanwhile arrives',
    credentials: true,
    needs: ({ resume }) => resume.support !== 'none',
    faults: ['refuseAuth'],
    async run({ client, fault, heal, until, listen, wait, later }) {
      const [ann, bob] = [client('ann'), client('bob')];
      const heard = await listen(ann);
      await wait(bob.channel().publish('e', 1));
      await heard.count(1);
      await fault('refuseAuth');
      await ann.asked.until('a question after a refusal', (asked) => asked.includes('refused'));
      const missed = [2, 3].map((n) => later(bob.channel().publish('e', n)));
      await heal();
      await wait(Promise.all(missed));
      await until(ann.channel().state, 'attached');
      expect(dataOf(await heard.count(3))).toEqual([1, 2, 3]);
    },
  },
  {
    title: 'a client without a client id is nobody: it publishes and hears, and has no name',
    async run({ client, wait, listen }) {
      const nobody = client(null);
      const heard = await listen(nobody);
      expect(nobody.realtime.connection.clientId).toBeUndefined();
      await wait(nobody.channel().publish('e', 1));
      const [message] = await heard.count(1);
      expect(message?.sender.clientId).toBeUndefined();
    },
  },
];
