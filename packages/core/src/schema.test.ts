import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fate, message, testClient, type TestClient } from '../test/client.ts';
import type { Message, Page } from './api.ts';
import { defineChannels, event, presence } from './channels.ts';
import type { Inbound } from './contract.ts';
import { validate, type Spec } from './schema.ts';

const text = z.object({ text: z.string() });
/** `text` in three libraries. */
const libraries: [string, Spec][] = [
  ['zod', text],
  ['valibot', v.object({ text: v.string() })],
  ['arktype', type({ text: 'string' })],
];

function refusal(spec: Spec, data: unknown): string {
  try {
    return `accepted as ${JSON.stringify(validate(spec, data, 'data'))}`;
  } catch (error) {
    return String((error as Error).message);
  }
}

describe('validate', () => {
  it.each(libraries)('takes what %s takes, and says the path of what it refuses', (_, spec) => {
    expect(validate(spec, { text: 'x' }, 'data')).toEqual({ text: 'x' });
    expect(refusal(spec, { text: 5 })).toMatch(/^\[anywire:invalid\] data: text: .*string/i);
  });

  it('names every issue, and each part of a path', () => {
    const spec = z.object({ list: z.array(z.object({ a: z.number(), b: z.number() })) });
    const text = refusal(spec, {
      list: [
        { a: 1, b: 1 },
        { a: 'x', b: 'y' },
      ],
    });
    expect(text.match(/list: 1: [ab]: /g)).toEqual(['list: 1: a: ', 'list: 1: b: ']);
  });

  it.each<[string, Spec | undefined]>([
    ['no definition', undefined],
    ['a type alone', event<string>()],
  ])('lets everything pass for %s', (_, spec) => {
    const data = {};
    expect(validate(spec, data, 'data')).toBe(data);
  });

  it('refuses a schema that answers later', () => {
    const later = v.pipeAsync(
      v.string(),
      v.checkAsync(() => Promise.resolve(true)),
    );
    expect(refusal(later, 'x')).toBe('[anywire:invalid] the schema of data is asynchronous');
  });
});

const channels = defineChannels({
  room: {
    events: {
      text,
      length: v.pipe(
        v.string(),
        v.transform((value) => value.length),
      ),
      date: z.date(),
      stripped: z.object({ kept: z.number() }),
      free: event<unknown>(),
      later: z.string().refine(() => Promise.resolve(true)),
    },
    presence: presence(
      z.object({ name: z.string(), age: z.string().transform(Number).optional() }),
    ),
    history: true,
  },
});

async function connected(options: Parameters<typeof testClient>[0] = {}): Promise<TestClient> {
  const client = testClient({ channels, ...options });
  await client.realtime.connection.connect();
  return client;
}

const good = (serial: number): Inbound => message(serial, { event: 'text', data: { text: 'x' } });
const bad = (serial: number): Inbound => message(serial, { event: 'text', data: { text: 1 } });

describe('a publish', () => {
  it.each<[string, unknown, string]>([
    ['text', { text: 'x' }, 'resolved'],
    ['text', { text: 1 }, 'invalid'],
    ['length', 'four', 'resolved'],
    ['length', 4, 'invalid'],
    ['free', { any: 'thing' }, 'resolved'],
    ['undeclared', 1, 'resolved'],
    ['constructor', 1, 'resolved'], // what every object has is no definition
    ['later', 'x', 'invalid'],
    // What a listener would refuse is refused here: a date arrives as text.
    ['date', new Date(0), 'invalid'],
  ])('of %s with %j is %s, and nothing invalid is sent', async (name, data, outcome) => {
    const { realtime, fake, clock } = await connected();
    const publish = fate(realtime.channel('room').publish(name, data));
    await clock.settle();
    expect(publish.outcome).toBe(outcome);
    expect(fake.all('publish')).toHaveLength(outcome === 'resolved' ? 1 : 0);
  });

  it('does not connect for what is invalid, and says what is wrong', async () => {
    const { realtime, states } = testClient({ channels });
    await expect(realtime.channel('room').publish('text', {})).rejects.toThrow(
      /data of 'text': text: .*string/,
    );
    expect(states).toEqual(['idle']);
  });

  it('sends what it was given, not what the schema makes of it', async () => {
    const { realtime, fake } = await connected();
    await realtime.channel('room').publish('length', 'four');
    await realtime.channel('room').publish('stripped', { kept: 1, more: 2 });
    expect(fake.all('publish').map(({ batch }) => batch[0]?.json)).toEqual([
      '"four"',
      '{"kept":1,"more":2}',
    ]);
  });

  it('shows its local copy as every other listener gets it', async () => {
    const { realtime } = await connected({ fake: { capabilities: { echo: 'none' } } });
    const room = realtime.channel('room');
    const data: unknown[] = [];
    room.onAny((message) => data.push(message.data));
    await room.attach();
    await room.publish('length', 'four');
    expect(data).toEqual([4]);
  });
});

describe('what comes in', () => {
  it('is delivered as the schema makes it; what is invalid is reported, and the next one comes', async () => {
    const { attached, fake, errors } = await connected();
    const room = await attached('room');
    const seen: unknown[] = [];
    room.onAny(({ data }) => seen.push(data));
    for (const inbound of [good(1), bad(2), message(3, { event: 'length', data: 'four' })])
      fake.link.received('room', inbound);
    expect(seen).toEqual([{ text: 'x' }, 4]);
    expect(errors.map(String)).toEqual([expect.stringMatching(/invalid\] 'text' other:2: text: /)]);
  });

  it('is reported to the channel where somebody listens there, with the code invalid', async () => {
    const { attached, fake, errors } = await connected();
    const room = await attached('room');
    const codes: string[] = [];
    room.onError(({ code }) => codes.push(code));
    fake.link.received('room', bad(1));
    expect([codes, errors]).toEqual([['invalid'], []]);
  });

  it('is checked in a resume: what is invalid moves the position all the same', async () => {
    const { attached, fake, errors, clock } = await connected();
    const room = await attached('room');
    const seen: unknown[] = [];
    room.on('text', (_, { serial }) => seen.push(serial));
    fake.link.received('room', bad(1));
    fake.drop();
    await clock.advance(1_000);
    expect(fake.last('attach').request.cursor).toBe('c1');
    fake.link.received('room', { ...bad(2), replayed: true });
    fake.link.received('room', { ...good(3), replayed: true });
    expect(seen).toEqual([3]);
    expect(errors.map(({ code }) => code)).toEqual(['invalid', 'invalid']);
  });

  it('is checked in the rewind of an attach', async () => {
    const { realtime, fake, errors, clock } = await connected();
    fake.hold('attach');
    const seen: unknown[] = [];
    realtime.channel('room').on('text', (_, { serial }) => seen.push(serial), { rewind: 3 });
    await clock.settle();
    fake.last('attach').answer({ continuity: 'initial', backlog: true });
    for (const inbound of [good(1), bad(2), good(3)])
      fake.link.received('room', { ...inbound, replayed: true });
    expect(seen).toEqual([]);
    fake.link.replayed('room');
    expect(seen).toEqual([1, 3]);
    expect(errors).toHaveLength(1);
  });

  it('is checked in a page and in the rewind of a late listener, which leave it out', async () => {
    const { attached, fake, errors, clock } = await connected();
    const room = await attached('room');
    fake.handle('history', (call) =>
      call.answer({ items: [good(3), bad(2), good(1)], complete: true }),
    );
    const serials = (items: readonly Message[]): unknown[] => items.map(({ serial }) => serial);
    const page = (await room.history().next()).value as Page;
    expect(serials(page.items)).toEqual([3, 1]);
    const seen: Message[] = [];
    room.onAny((message) => seen.push(message), { rewind: 3 });
    await clock.settle();
    expect(serials(seen)).toEqual([1, 3]);
    expect(errors).toHaveLength(2);
  });
});

describe('presence', () => {
  it('of one’s own is refused where it is invalid, and is sent as it was given', async () => {
    const { attached, fake, clock } = await connected();
    const room = await attached('room');
    const invalid = fate(room.presence.enter({ name: 5 }));
    await clock.settle();
    expect(invalid.outcome).toBe('invalid');
    await room.presence.enter({ name: 'Ann', age: '7' });
    expect(fake.all('enter').map(({ data }) => data)).toEqual([{ name: 'Ann', age: '7' }]);
  });

  it('of others is shown as the schema makes it; who is invalid is reported and left out', async () => {
    const { attached, fake, errors } = await connected();
    const room = await attached('room');
    const edges: string[] = [];
    for (const action of ['enter', 'update', 'leave'] as const)
      room.presence.on(action, ({ clientId }) => edges.push(`${action} ${clientId}`));
    const tell = (action: 'enter' | 'update' | 'leave', clientId: string, data: unknown): void =>
      fake.link.presence('room', { action, member: { clientId, instanceId: '1', data } });
    tell('enter', 'bob', { name: 'Bob', age: '7' });
    tell('enter', 'cat', { name: 1 });
    expect(room.presence.members.get()).toMatchObject([{ data: { name: 'Bob', age: 7 } }]);
    tell('update', 'bob', { name: 2 });
    tell('leave', 'cat', { name: 1 });
    expect(room.presence.members.get()).toEqual([]);
    expect(edges).toEqual(['enter bob', 'leave bob']);
    expect(errors.map(({ code }) => code)).toEqual(['invalid', 'invalid']);
  });
});
