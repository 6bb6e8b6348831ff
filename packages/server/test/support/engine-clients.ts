/** What every engine must do for clients: members, and who owns a nonce. */
import { describe, expect, it } from 'vitest';
import type { Member, MemberKey } from '../../src/index.ts';
import type { Opened } from './engine-bench.ts';

export function describeClients(name: string, open: () => Promise<Opened>): void {
  describe(`${name}: members`, () => {
    const ann: Member = {
      clientId: 'ann',
      instanceId: 'tab',
      connectionId: 'k1',
      hold: 'h1',
      data: '1',
    };
    const key: MemberKey = { clientId: 'ann', instanceId: 'tab' };

    it('enter, update, and come back with the same data unnoticed', async () => {
      const { engine, reported } = await open();
      await engine.subscribe('c');
      expect(await engine.enter('c', ann, 10)).toBe('entered');
      expect(await engine.enter('c', { ...ann, data: '2' }, 10)).toBe('updated');
      expect(await engine.enter('c', { ...ann, connectionId: 'k2', data: '2' }, 10)).toBe(
        'unchanged',
      );
      expect((await engine.members('c')).members).toEqual([
        { ...ann, connectionId: 'k2', data: '2' },
      ]);
      await expect
        .poll(() => reported.members.map(({ change }) => [change.action, change.member.data]))
        .toEqual([
          ['enter', '1'],
          ['update', '2'],
        ]);
    });

    it('leave by the hold that keeps them and by no other, or whoever keeps them', async () => {
      const { engine, reported } = await open();
      await engine.subscribe('c');
      await engine.enter('c', ann, 10);
      await engine.enter('c', { ...ann, hold: 'h2' }, 10);
      expect(await engine.leave('c', key, 'h1')).toBe(false);
      expect(await engine.leave('c', key, 'h2')).toBe(true);
      expect(await engine.leave('c', key, 'h2')).toBe(false);
      await engine.enter('c', ann, 10);
      expect(await engine.leave('c', key)).toBe(true);
      expect(await engine.leave('c', key)).toBe(false);
      expect((await engine.members('c')).members).toEqual([]);
      await expect
        .poll(() => reported.members.map(({ change }) => change.action))
        .toEqual(['enter', 'leave', 'enter', 'leave']);
    });

    it('have a version: the same for the same set, told with each change', async () => {
      const { engine, reported } = await open();
      await engine.subscribe('c');
      const version = async (): Promise<string> => (await engine.members('c')).version;
      const seen = [await version()];
      await engine.enter('c', ann, 10);
      seen.push(await version());
      await engine.enter('c', { ...ann, hold: 'h2' }, 10); // nobody sees a difference
      expect(await version()).toBe(seen[1]);
      await engine.enter('c', { ...ann, data: '2' }, 10);
      seen.push(await version());
      await engine.leave('c', key);
      seen.push(await version());
      expect(new Set(seen).size).toBe(4);
      await expect
        .poll(() => reported.members.map(({ change }) => change.version))
        .toEqual(seen.slice(1));
    });

    it('are told apart by client and instance, whatever these are called', async () => {
      const { engine } = await open();
      const names = [
        ['a', 'bc'],
        ['ab', 'c'],
        ['__proto__', 'x'],
        ['a', 'b'],
      ] as const;
      for (const [clientId, instanceId] of names)
        await engine.enter('c', { ...ann, clientId, instanceId }, 10);
      expect((await engine.members('c')).members).toHaveLength(4);
    });

    it('are as many as the channel has room for; who is in may still update', async () => {
      const { engine } = await open();
      await engine.enter('c', ann, 1);
      expect(await engine.enter('c', { ...ann, instanceId: 'other' }, 1)).toBe('full');
      expect(await engine.enter('c', { ...ann, data: '2' }, 1)).toBe('updated');
    });
  });

  describe(`${name}: nonces`, () => {
    it('belong to their first owner, also when no connection uses them any more', async () => {
      const { engine } = await open();
      expect(await engine.claim('n', ['ann'])).toBe(true);
      expect(await engine.claim('n', ['bob'])).toBe(false);
      expect(await engine.claim('n', ['ann'])).toBe(true);
      await engine.release('n');
      await engine.release('n');
      expect(await engine.claim('n', ['bob'])).toBe(false);
    });

    it('go over to the name of a client that was anonymous, and not back', async () => {
      const { engine } = await open();
      await engine.claim('n', ['secret']);
      expect(await engine.claim('n', ['ann', 'secret'])).toBe(true);
      expect(await engine.claim('n', ['secret'])).toBe(false);
    });
  });
}
