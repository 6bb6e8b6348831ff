/** What follows from the schemas of real libraries: what may be published, what listeners get. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { defineChannels, event, presence } from './channels.ts';
import type { Adapter } from './contract.ts';
import { createRealtime } from './realtime.ts';
import type { StandardSchema } from './schema.ts';

declare const adapter: Adapter;

const channels = defineChannels({
  'zod:{id}': {
    events: {
      direct: z.object({ text: z.string() }),
      wrapped: event(z.object({ text: z.string() })),
      date: z.iso.datetime().transform((text) => new Date(text)),
      optional: z.object({ count: z.number().default(0) }),
    },
    presence: z.object({ name: z.string() }),
  },
  valibot: {
    events: {
      direct: v.object({ text: v.string() }),
      length: v.pipe(
        v.string(),
        v.transform((text) => text.length),
      ),
    },
    presence: presence(v.object({ since: v.pipe(v.string(), v.transform(Number)) })),
  },
  arktype: {
    events: { direct: type({ text: 'string' }), parsed: type('string.numeric.parse') },
    presence: type({ name: 'string' }),
  },
});
const realtime = createRealtime({ adapter, channels });
const ofZod = realtime.channel('zod:1');
const ofValibot = realtime.channel('valibot');
const ofArktype = realtime.channel('arktype');

describe('the interface', () => {
  it('is the one of the specification, both ways', () => {
    expectTypeOf<StandardSchemaV1<string, number>>().toExtend<StandardSchema<string, number>>();
    expectTypeOf<StandardSchema<string, number>>().toExtend<StandardSchemaV1<string, number>>();
  });
});

describe('events', () => {
  it('give listeners what the schema makes, be it given directly or by event()', () => {
    ofZod.on('direct', (data) => expectTypeOf(data).toEqualTypeOf<{ text: string }>());
    ofZod.on('wrapped', (data) => expectTypeOf(data).toEqualTypeOf<{ text: string }>());
    ofZod.on('date', (data) => expectTypeOf(data).toEqualTypeOf<Date>());
    ofZod.on('optional', (data) => expectTypeOf(data).toEqualTypeOf<{ count: number }>());
    ofValibot.on('direct', (data) => expectTypeOf(data).toEqualTypeOf<{ text: string }>());
    ofValibot.on('length', (data) => expectTypeOf(data).toEqualTypeOf<number>());
    ofArktype.on('direct', (data) => expectTypeOf(data).toEqualTypeOf<{ text: string }>());
    ofArktype.on('parsed', (data) => expectTypeOf(data).toEqualTypeOf<number>());
  });

  it('take what the schema takes', () => {
    void ofZod.publish('direct', { text: '' });
    void ofZod.publish('date', '2026-01-01T00:00:00Z');
    void ofZod.publish('optional', {});
    void ofValibot.publish('length', 'four');
    void ofArktype.publish('parsed', '4');
    // @ts-expect-error what the schema makes is not what it takes
    void ofZod.publish('date', new Date());
    // @ts-expect-error what the schema makes is not what it takes
    void ofValibot.publish('length', 4);
    // @ts-expect-error what the schema makes is not what it takes
    void ofArktype.publish('parsed', 4);
  });

  it('are refused when they are wrong, in each library', () => {
    // @ts-expect-error text is a string
    void ofZod.publish('direct', { text: 1 });
    // @ts-expect-error text is a string
    void ofZod.publish('wrapped', { text: 1 });
    // @ts-expect-error text is a string
    void ofValibot.publish('direct', { text: 1 });
    // @ts-expect-error text is a string
    void ofArktype.publish('direct', { text: 1 });
    // @ts-expect-error no such event
    ofZod.on('length', () => {});
    // @ts-expect-error no such event
    void ofArktype.publish('date', '');
  });
});

describe('presence', () => {
  it('takes what the schema takes, and shows what it makes', () => {
    void ofZod.presence.enter({ name: 'Ann' });
    void ofValibot.presence.enter({ since: '5' });
    expectTypeOf(ofValibot.presence.members.get()[0]!.data).toEqualTypeOf<{ since: number }>();
    ofArktype.presence.on('enter', ({ data }) =>
      expectTypeOf(data).toEqualTypeOf<{ name: string }>(),
    );
    // @ts-expect-error name is a string
    void ofZod.presence.enter({ name: 1 });
    // @ts-expect-error what the schema makes is not what it takes
    void ofValibot.presence.enter({ since: 5 });
    // @ts-expect-error name is missing
    void ofArktype.presence.update({});
  });
});

describe('a definition', () => {
  it('takes schemas and specs alone', () => {
    // @ts-expect-error text is no schema
    defineChannels({ room: { events: { message: 'text' } } });
    // @ts-expect-error a number is no schema
    event(5);
  });
});
