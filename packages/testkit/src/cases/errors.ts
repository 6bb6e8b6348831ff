/** Refusals: by the service, and by requirements that the backend does not meet. */
import { RealtimeError } from '@anywire/core';
import { expect } from 'vitest';
import { dataOf, type ConformanceCase } from '../case.ts';

export const errorCases: readonly ConformanceCase[] = [
  {
    title: 'a channel that is forbidden fails for good, and the others go on',
    faults: ['forbid'],
    otherChannels: true,
    async run({ client, other, fault, code, wait, listen }) {
      const ann = client();
      const heard = await listen(ann);
      const channel = other('forbidden');
      await fault('forbid', { channel });
      const room = ann.realtime.channel(channel);
      expect(await code(room.attach())).toBe('forbidden');
      expect([room.state.get(), room.error?.code]).toEqual(['failed', 'forbidden']);
      await wait(ann.channel().publish('e', 'goes on'));
      expect(dataOf(await heard.count(1))).toEqual(['goes on']);
      expect(ann.errors.splice(0).map((error) => error.code)).toEqual(['forbidden']);
    },
  },
  {
    title: 'an implicit attach that is refused goes to the channel’s onError',
    faults: ['forbid'],
    async run({ client, fault, name, collect, until }) {
      const room = client().channel();
      await fault('forbid', { channel: name });
      const errors = collect<RealtimeError>('errors');
      room.onError(errors.add);
      room.on('e', () => {});
      const [error] = await errors.count(1);
      expect(RealtimeError.is(error, 'forbidden')).toBe(true);
      await until(room.state, 'failed');
    },
  },
  {
    title: 'a publish to, and the history of, a forbidden channel reject with forbidden',
    faults: ['forbid'],
    async run({ client, fault, name, code, capabilities }) {
      const room = client().channel();
      room.onError(() => {}); // where a publish needs an attachment, that is refused too
      await fault('forbid', { channel: name });
      expect(await code(room.publish('e', 1))).toBe('forbidden');
      if (capabilities.history.support !== 'none')
        expect(await code(room.history().next())).toBe('forbidden');
    },
  },
  {
    title: 'supports() and `require` say what the capabilities say, before anything connects',
    async run({ client, name, capabilities }) {
      const { realtime } = client();
      const declared = {
        history: capabilities.history.support !== 'none',
        presence: capabilities.presence.support !== 'none',
        rewind: capabilities.rewind !== 'none' || capabilities.history.support !== 'none',
        resume: capabilities.resume.support !== 'none',
      };
      for (const [feature, isDeclared] of Object.entries(declared)) {
        expect(realtime.supports(feature as keyof typeof declared)).toBe(isDeclared);
        const requiring = (): unknown => realtime.channel(name, { require: { [feature]: true } });
        if (isDeclared) expect(requiring).not.toThrow();
        else expect(requiring).toThrow('unsupported');
      }
      expect(realtime.channel(name).capabilities).toEqual(capabilities);
      expect(realtime.connection.state.get()).toBe('idle');
    },
  },
  {
    title:
      'a channel that is forbidden while it is attached fails, and what is published there too',
    faults: ['forbid', 'endChannel'],
    otherChannels: true,
    async run({ client, name, other, fault, until, code, wait, listen, collect }) {
      const ann = client();
      const room = ann.channel();
      const errors = collect<string>('errors');
      room.onError((error) => errors.add(error.code));
      await listen(ann);
      const heard = await listen(ann, ann.realtime.channel(other('allowed')));
      await fault('forbid', { channel: name });
      await fault('endChannel');
      await until(room.state, 'failed');
      expect(errors.items.at(-1)).toBe('forbidden');
      expect(await code(room.publish('e', 1))).toBe('forbidden');
      await wait(ann.realtime.channel(other('allowed')).publish('e', 2));
      expect(dataOf(await heard.count(1))).toEqual([2]);
    },
  },
];
