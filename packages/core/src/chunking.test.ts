import fc from 'fast-check';
import { virtualClock } from '@anywire/testkit/clock';
import { describe, expect, it } from 'vitest';
import { seed } from '../../../tests/seed.ts';
import { scale } from '../../../tests/tier.ts';
import { fate } from '../test/client.ts';
import { pair, toInbound, type Pair } from '../test/pair.ts';
import type { Page } from './api.ts';
import { chunking, type ChunkingOptions } from './chunking.ts';
import type { Inbound } from './contract.ts';
import type { RealtimeError } from './errors.ts';
import { intercept, type Outgoing } from './intercept.ts';

const clock = virtualClock();
/** 8 bytes at most, so pieces of 6. */
const small = { channel: 'room', maxPayloadBytes: 8, clock };

/** The pieces of `data` by one sender, as they would arrive. */
function pieces(data: unknown, id = 'n:1', options?: ChunkingOptions): Inbound[] {
  const message: Outgoing = { id, event: 'e', data, volatile: false };
  const made = [chunking(options).outbound!(message, small)].flat() as Outgoing[];
  const [nonce, count] = id.split(':');
  return made.map((one, at) => ({
    ...one,
    id: `${nonce}:${Number(count) + at}`,
    serial: at + 1,
    action: 'create',
  }));
}

/** One end of a channel, and what comes out of it. */
function receiver(options?: ChunkingOptions, isLive = true) {
  const life = new AbortController();
  const errors: RealtimeError[] = [];
  const { signal } = life;
  const report = (error: RealtimeError): unknown => errors.push(error);
  const context = { channel: 'room', isLive, signal, clock, report };
  const interceptor = chunking(options);
  const take = (...messages: readonly Inbound[]): Inbound[] =>
    messages.flatMap((message) => (interceptor.inbound!(message, context) ?? []) as Inbound);
  return { take, errors, life, end: () => interceptor.onEnd!(context) };
}

const texts = (errors: readonly Error[]): string[] =>
  errors.map(({ message }) => message.replace(/^\[anywire:incomplete\] /, ''));

describe('what fits', () => {
  it.each<[string, unknown, number]>([
    ['8 bytes of JSON', 'x'.repeat(6), 1],
    ['9 bytes of JSON', 'x'.repeat(7), 2],
    ['8 bytes of JSON in 4 characters', '‱‱', 1],
    ['6 bytes, which are 8 as base64', new Uint8Array(6), 1],
    ['7 bytes', new Uint8Array(7), 2],
  ])('%s: %j is sent as %3$i', (_, data, count) => {
    const made = pieces(data);
    expect(made).toHaveLength(count);
    expect(made[0]?.extras === undefined).toBe(count === 1);
  });

  it('is bounded: a message over maxBytes is refused', () => {
    expect(() => pieces('x'.repeat(99), 'n:1', { maxBytes: 100 })).toThrow('payload_too_large');
    expect(pieces('x'.repeat(98), 'n:1', { maxBytes: 100 })).toHaveLength(17);
  });

  it('passes through untouched where it is no piece', () => {
    const message: Inbound = { event: 'e', data: 1, action: 'create', extras: { other: 1 } };
    expect(receiver().take(message)).toEqual([message]);
  });
});

describe('an assembled message', () => {
  const data = { text: 'ünï 👩‍👩‍👧'.repeat(3), list: [1, null] };

  it('has the id of the first piece, the position of the last, and no header', () => {
    const sent = pieces(data).map((one) => ({ ...one, extras: { ...one.extras, other: 1 } }));
    const [whole, ...more] = receiver().take(...sent);
    expect(more).toEqual([]);
    expect(whole).toEqual({ ...sent.at(-1), id: 'n:1', data, extras: { other: 1 } });
  });

  it('comes with the last piece, and not before', () => {
    const { take } = receiver();
    const sent = pieces(data);
    expect(sent.map((one) => take(one).length)).toEqual([...sent.slice(1).map(() => 0), 1]);
  });

  it(`is whole in any order, among other senders and with repeats (${scale(200, 10_000)} runs)`, () => {
    const messages = fc.array(fc.oneof(fc.string({ minLength: 1, maxLength: 60 }), fc.uint8Array({ maxLength: 60 })), { minLength: 1, maxLength: 4 }); // prettier-ignore
    fc.assert(
      fc.property(messages, fc.nat(), (all, salt) => {
        const wire = all.flatMap((one, sender) => pieces(one, `s${sender}:1`));
        const order = (at: number): number => Math.imul(at + 1, 2_654_435_761 ^ salt) >>> 0;
        // Each twice, and shuffled; what is whole already is new again with its second copies.
        const sorted = [...wire, ...wire].map((one, at) => [order(at), one] as const).sort(([a], [b]) => a - b); // prettier-ignore
        const seen = new Set<string>();
        const once = sorted.map(([, one]) => one).filter(({ id = '' }) => !seen.has(id) && seen.add(id)); // prettier-ignore
        const { take, errors, life } = receiver();
        const found = take(...once);
        life.abort();
        expect(new Map(found.map(({ id, data: value }) => [id, value]))).toEqual(
          new Map(all.map((one, sender) => [`s${sender}:1`, one])),
        );
        expect([found.length, errors, clock.pending]).toEqual([all.length, [], 0]);
      }),
      { seed, numRuns: scale(200, 10_000) },
    );
  });

  it('is not made of a piece that comes twice while others are missing', () => {
    const { take } = receiver();
    const [first, second] = pieces('x'.repeat(10));
    expect(take(first!, first!, first!)).toEqual([]);
    expect(take(second!)).toHaveLength(1);
  });
});

describe('a piece that is missing', () => {
  it('is told 90 s after the one before it, once, and nothing is delivered', async () => {
    const { take, errors } = receiver();
    const [first, second, third] = pieces('x'.repeat(16));
    take(first!);
    await clock.advance(80_000);
    take(third!);
    await clock.advance(89_999);
    expect(errors).toEqual([]);
    await clock.advance(1);
    expect(texts(errors)).toEqual(["'e' n:1 has 2 of 3 pieces: none came for 90000 ms"]);
    expect(take(second!)).toEqual([]);
    expect([errors.length, clock.pending]).toEqual([1, 0]);
  });

  it('leaves no timer behind when the channel detaches, and is no error then', async () => {
    const { take, errors, life } = receiver();
    take(pieces('x'.repeat(16))[0]!);
    life.abort();
    expect([clock.pending, errors]).toEqual([0, []]);
  });
});

describe('what waits is bounded', () => {
  it('in messages: the one that waits longest is given up, and told', () => {
    const { take, errors, life } = receiver({ maxOpen: 2 });
    const all = [1, 2, 3].map((sender) => pieces('x'.repeat(10), `s${sender}:1`));
    take(...all.map(([first]) => first!));
    expect(texts(errors)).toEqual(["'e' s1:1 has 1 of 2 pieces: too much waits for pieces"]);
    expect(take(...all.map(([, second]) => second!)).map(({ id }) => id)).toEqual(['s2:1', 's3:1']);
    life.abort();
    expect(clock.pending).toBe(0);
  });

  it('in bytes: what comes of the one that was given up is swallowed', () => {
    const { take, errors, life } = receiver({ maxOpenBytes: 20 });
    const [a, b] = ['a:1', 'b:1'].map((id) => pieces('x'.repeat(22), id));
    take(...a!.slice(0, 2), ...b!.slice(0, 2));
    expect(texts(errors)).toEqual(["'e' a:1 has 2 of 4 pieces: too much waits for pieces"]);
    expect(take(...a!.slice(2), ...b!.slice(2)).map(({ id }) => id)).toEqual(['b:1']);
    expect(errors).toHaveLength(1);
    life.abort();
  });

  it('in bytes of one message, whatever its sender thinks', () => {
    const { take, errors, life } = receiver({ maxBytes: 10 });
    expect(take(...pieces('x'.repeat(22)))).toEqual([]);
    expect(texts(errors)).toEqual(["'e' n:1 has 2 of 4 pieces: it has more than 10 bytes"]);
    life.abort();
  });
});

describe('a header that no sender of ours makes', () => {
  const [first] = pieces('x'.repeat(10));
  it.each<[string, unknown, Partial<Inbound>?]>([
    ['no list', 'n:1'],
    ['of a message of another sender', ['other:1', 1, 2, true], { id: 'n:2' }],
    ['a first piece of another message', ['n:2', 0, 2, true]],
    ['a negative place', ['n:1', -1, 2, true], { id: 'n:2' }],
    ['a place behind the end', ['n:1', 2, 2, true], { id: 'n:2' }],
    ['half a place', ['n:1', 0.5, 2, true], { id: 'n:2' }],
    ['no count', ['n:1', 0]],
    ['beside text', ['n:1', 0, 2, true], { data: 'text' }],
    ['beside no bytes', ['n:1', 0, 2, true], { data: new Uint8Array() }],
  ])('%s is invalid', (_, chunk, more = {}) => {
    const { take } = receiver();
    expect(() => take({ ...first!, ...more, extras: { chunk } })).toThrow('invalid');
    expect(clock.pending).toBe(0);
  });
});

describe('pages', () => {
  const [a, b] = [pieces('x'.repeat(16), 'a:1'), pieces('y'.repeat(16), 'b:1')];

  it('backwards give the message where its first piece stood, also over two pages', () => {
    const { take, errors, end } = receiver({}, false);
    const page = [...a, ...b].reverse();
    expect([page.slice(0, 2), page.slice(2)].map((items) => take(...items).map(({ id }) => id))).toEqual([[], ['b:1', 'a:1']]); // prettier-ignore
    end();
    expect(errors).toEqual([]);
  });

  it('that begin in the middle of a message tell so at the end, and never wait for it', () => {
    const { take, errors, end } = receiver({}, false);
    expect(take(...a.slice(1), ...b).map(({ id }) => id)).toEqual(['b:1']);
    expect([clock.pending, errors]).toEqual([0, []]);
    end();
    expect(texts(errors)).toEqual(["'e' a:1 has 2 of 3 pieces: there is no more"]);
  });
});

describe('between two clients', () => {
  const options = {
    interceptors: intercept(chunking()),
    fake: { capabilities: { maxPayloadBytes: 100 } },
  };
  const large = 'x'.repeat(200);
  const serialsOf = ({ wire }: Pair): Inbound[] => wire.map((one, at) => toInbound(one, at + 1));

  it('a large message is delivered once, with one receipt, though its pieces come twice', async () => {
    const { rooms, wire, bob } = await pair(options, (inbound, link) => {
      link.received('room', inbound);
      link.received('room', inbound);
    });
    const heard: unknown[] = [];
    rooms[1].onAny(({ id, serial, data }) => heard.push([id, serial, data]));
    const receipt = await rooms[0].publish('e', large);
    expect(receipt).toMatchObject({ level: 'stored', serial: 3, attempts: 1 });
    expect(heard).toEqual([[receipt.id, 3, large]]);
    expect([new Set(wire.map(({ id }) => id)).size, bob.errors]).toEqual([3, []]);
  });

  it('a piece whose answer was lost is sent again by its own id, and nothing comes twice', async () => {
    const both = await pair(options);
    const { ann, rooms, wire } = both;
    const heard: unknown[] = [];
    rooms[1].on('e', (data) => heard.push(data));
    ann.fake.handle('publish', (call) => {
      if (call.session > 0) call.answer();
      wire.push(...call.batch);
      const [one] = call.batch; // of the backend that knows ids, the second is the first again
      both.bob.fake.link.received('room', toInbound(one!, ((wire.length - 1) % 3) + 1));
    });
    const publish = fate(rooms[0].publish('e', large));
    await ann.clock.settle();
    expect([publish.outcome, wire.length]).toEqual(['pending', 3]);
    ann.fake.drop();
    await ann.clock.advance(1_000);
    expect(publish.value).toMatchObject({ attempts: 2 });
    const ids = wire.map(({ id }) => id);
    expect(ids.slice(3)).toEqual(ids.slice(0, 3));
    expect([heard, both.bob.errors]).toEqual([[large], []]);
  });

  it('volatile pieces are sent at once, or the message is dropped', async () => {
    const { ann, rooms, wire } = await pair(options);
    const receipt = await rooms[0].publish('e', large, { volatile: true });
    expect([receipt.attempts, wire.length]).toEqual([1, 3]);
    ann.fake.drop();
    expect(await rooms[0].publish('e', large, { volatile: true })).toMatchObject({ attempts: 0 });
  });

  it('a rewind of 2 reads pages until it has 2 whole messages', async () => {
    const both = await pair(options);
    for (const data of ['one', large, 'three']) await both.rooms[0].publish('e', data);
    const stored = serialsOf(both).reverse();
    both.bob.fake.handle('history', ({ query: { limit, from = '0' }, ...call }) => {
      const at = Number(from);
      const items = stored.slice(at, at + limit);
      const next = at + limit < stored.length ? { next: String(at + limit) } : {};
      call.answer({ items, complete: true, ...next });
    });
    const heard: unknown[] = [];
    await new Promise<void>((resolve) => {
      both.rooms[1].on('e', (data) => heard.push(data) === 2 && resolve(), { rewind: 2 });
    });
    expect(heard).toEqual([large, 'three']);
    const page = (await both.rooms[1].history({ limit: 3 }).next()).value as Page;
    expect(page.items.map(({ data }) => data)).toEqual(['three']);
    expect(both.bob.errors).toEqual([]);
  });

  it('a message whose pieces a reconnect separates is whole', async () => {
    const both = await pair(options, () => {});
    const { bob, rooms } = both;
    await rooms[0].publish('e', large);
    const heard: unknown[] = [];
    rooms[1].on('e', (data) => heard.push(data));
    const [first, ...rest] = serialsOf(both);
    bob.fake.link.received('room', first!);
    bob.fake.drop();
    await bob.clock.advance(1_000);
    for (const one of rest) bob.fake.link.received('room', { ...one, replayed: true });
    expect([heard, bob.errors]).toEqual([[large], []]);
  });
});
