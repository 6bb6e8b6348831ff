import { describe, expectTypeOf, it } from 'vitest';
import type { Channel, Message } from './api.ts';
import type { ChannelName, DefinitionOf, EventsOf, NameOf } from './channels.ts';
import { defineChannels, event, presence } from './channels.ts';
import type { Adapter } from './contract.ts';
import { createRealtime } from './realtime.ts';

const channels = defineChannels({
  'room:{id}': {
    events: { message: event<{ text: string }>(), typing: event<{ on: boolean }>() },
    presence: presence<{ name: string }>(),
    history: true,
  },
  'team:{team}:user:{user}': { events: { direct: event<number>() } },
  'score:{game}': { events: { goal: event<'home' | 'away'>(), end: event<null>() } },
  'score:{game}:{half}': { events: { goal: event<'home' | 'away'>() } },
  news: { events: { headline: event<string>(), anything: event() } },
});
declare const adapter: Adapter;
const realtime = createRealtime({ adapter, channels });
const room = realtime.channel('room:1');

describe('names', () => {
  it('follow from patterns: one placeholder, two, none', () => {
    expectTypeOf<NameOf<'room:{id}'>>().toEqualTypeOf<`room:${string}`>();
    expectTypeOf<
      NameOf<'team:{team}:user:{user}'>
    >().toEqualTypeOf<`team:${string}:user:${string}`>();
    expectTypeOf<NameOf<'news'>>().toEqualTypeOf<'news'>();
    expectTypeOf<'news'>().toExtend<ChannelName<typeof channels>>();
    expectTypeOf<'other'>().not.toExtend<ChannelName<typeof channels>>();
  });

  it('are checked where a channel is made', () => {
    realtime.channel('news');
    realtime.channel('team:1:user:2');
    // @ts-expect-error no pattern allows it
    realtime.channel('other');
    // @ts-expect-error a literal pattern has no placeholder
    realtime.channel('news:1');
    // @ts-expect-error the second placeholder is missing
    realtime.channel('team:1');
  });

  it('may be built from parts', () => {
    const id = String(Math.random());
    realtime.channel(`room:${id}`).on('message', ({ text }) => expectTypeOf(text).toBeString());
  });
});

describe('events', () => {
  it('give their data to listeners', () => {
    room.on('message', (data, message) => {
      expectTypeOf(data).toEqualTypeOf<{ text: string }>();
      expectTypeOf(message.event).toEqualTypeOf<'message'>();
      expectTypeOf(message.data).toEqualTypeOf<{ text: string }>();
    });
    realtime
      .channel('team:1:user:2')
      .on('direct', (data) => expectTypeOf(data).toEqualTypeOf<number>());
    realtime.channel('news').on('anything', (data) => expectTypeOf(data).toEqualTypeOf<unknown>());
  });

  it('are refused when their name is wrong', () => {
    // @ts-expect-error no such event
    room.on('mesage', () => {});
    // @ts-expect-error no such event
    void room.publish('mesage', { text: '' });
    // @ts-expect-error no such event
    void room.once('mesage');
    // @ts-expect-error the event of another channel
    room.on('direct', () => {});
  });

  it('are refused when their data are wrong', () => {
    void room.publish('message', { text: 'x' });
    // @ts-expect-error text is a string
    void room.publish('message', { text: 1 });
    // @ts-expect-error text is missing
    void room.publish('message', {});
    // @ts-expect-error the data of another event
    void room.publish('message', { on: true });
    // @ts-expect-error data are missing
    void room.publish('message');
    // @ts-expect-error one property too many
    void room.publish('typing', { on: true, off: false });
  });

  it('narrow by name in onAny, messages and once', async () => {
    room.onAny((message) => {
      expectTypeOf(message.event).toEqualTypeOf<'message' | 'typing'>();
      if (message.event === 'typing') expectTypeOf(message.data).toEqualTypeOf<{ on: boolean }>();
      else expectTypeOf(message).toEqualTypeOf<Message<{ text: string }, 'message'>>();
    });
    for await (const message of room.messages())
      if (message.event === 'message') expectTypeOf(message.data.text).toBeString();
    expectTypeOf(await room.once('typing')).toEqualTypeOf<Message<{ on: boolean }, 'typing'>>();
  });

  it('make the union of their data in history', async () => {
    for await (const page of room.history())
      expectTypeOf(page.items[0]!.data).toEqualTypeOf<{ text: string } | { on: boolean }>();
  });
});

describe('overlapping patterns', () => {
  it('allow for `score:1:2` what both patterns allow', () => {
    type Both = DefinitionOf<typeof channels, 'score:1:2'>;
    expectTypeOf<Both>().toEqualTypeOf<
      (typeof channels)['score:{game}'] | (typeof channels)['score:{game}:{half}']
    >();
    const both = realtime.channel('score:1:2');
    both.on('goal', (data) => expectTypeOf(data).toEqualTypeOf<'home' | 'away'>());
  });

  it('allow for `score:1` what the one that matches allows', () => {
    realtime.channel('score:1').on('end', (data) => expectTypeOf(data).toEqualTypeOf<null>());
    type Events = EventsOf<DefinitionOf<typeof channels, 'score:1'>>;
    expectTypeOf<keyof Events>().toEqualTypeOf<'goal' | 'end'>();
  });
});

describe('presence', () => {
  it('has the type of its definition', () => {
    void room.presence.enter({ name: 'Ann' });
    // @ts-expect-error name is missing
    void room.presence.enter({});
    // @ts-expect-error name is a string
    void room.presence.update({ name: 1 });
    room.presence.on('leave', (member) =>
      expectTypeOf(member.data).toEqualTypeOf<{ name: string }>(),
    );
    for (const member of room.presence.members.get()) expectTypeOf(member.data.name).toBeString();
    // @ts-expect-error no such action
    room.presence.on('join', () => {});
  });
});

describe('without definitions', () => {
  it('every name, event and payload is allowed, and data are unknown', () => {
    const open = createRealtime({ adapter });
    const channel = open.channel('anything');
    expectTypeOf(channel).toEqualTypeOf<Channel>();
    channel.on('whatever', (data) => expectTypeOf(data).toEqualTypeOf<unknown>());
    channel.onAny((message) => expectTypeOf(message.data).toEqualTypeOf<unknown>());
    void channel.publish('whatever', [1, 2]);
    void channel.presence.enter({ any: 'thing' });
  });
});

describe('options', () => {
  it('refuse what core does not know', () => {
    // @ts-expect-error a typo
    createRealtime({ adapter, lingerMS: 1 });
    // @ts-expect-error no adapter
    createRealtime({});
    createRealtime({ adapter, lingerMs: 1, auth: ({ reason }) => `token for ${reason}` });
    // @ts-expect-error no such level
    void room.publish('message', { text: '' }, { ack: 'delivered' });
    // @ts-expect-error no such feature
    realtime.supports('magic');
  });
});
