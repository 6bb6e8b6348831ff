import { messagePack } from '@anywire/protocol/messagepack';
import { describe, expect, it } from 'vitest';
import { testServer } from '../test/support/pipes.ts';

/** Names that every plain object has already, or that would change its prototype. */
const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'];
const pollution = JSON.parse(
  '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
) as Record<string, unknown>;
const codec = messagePack();

describe.each([['JSON', undefined], ['MessagePack', codec]])('%s', (_, spoken) => {
  it.each(names)('takes %s as client, instance, channel, event, extras and members like any other', async (name) => {
    const { join, server, clock } = testServer({
      codecs: [codec],
      authenticate: ({ token }) => ({ clientId: token, claims: pollution }),
      onPublish: ({ client }) => void Object.assign({}, client.claims),
    });
    const [client, other] = [join(undefined, spoken), join(undefined, spoken)];
    for (const each of [client, other]) {
      await each.connect({ token: name, instance: each === client ? name : 'other' });
      await each.attach(name, { presence: 'enter', d: pollution });
    }
    expect(await client.publish(name, pollution, { e: name, x: pollution })).toMatchObject({ t: 'ack', s: 1 });
    await other.hears(pollution);
    expect(other.messages(name)).toMatchObject([{ c: name, e: name, u: name }]);
    expect(JSON.stringify(other.messages(name)[0]?.x)).toBe(JSON.stringify(pollution));
    await expect.poll(() => client.all.some(({ t }) => t === 'presence')).toBe(true);
    const set = await other.next('sync');
    expect(set.members.map(({ x }) => x)).toEqual([name, 'other']);
    expect(JSON.stringify(set.members[0]?.d)).toBe(JSON.stringify(pollution));
    expect(await client.request({ t: 'history', c: name, limit: 9, dir: 'forwards' })).toMatchObject({ items: [{ s: 1 }] });
    expect(await server.reauthorize({ clientId: name, channel: name })).toEqual({ asked: 2, detached: 0 });
    expect(server.meter()).toMatchObject({ users: 1, channels: 1 });
    for (const each of [client, other]) each.end();
    await clock.advance(60_000);
    expect(server.meter()).toMatchObject({ users: 0, channels: 0 });
    for (const made of [{}, [], () => {}]) expect((made as { polluted?: number }).polluted).toBeUndefined();
  });
}); // prettier-ignore
