import { expect, it } from 'vitest';
import { readingPipe, wireOfPipe, type DialectPipeEvents } from './dialect-pipe.ts';
import type { DialectContext, DialectSpec } from './dialect-spec.ts';
import { systemClock } from './clock.ts';

/** A wire over a pipe whose other end is the test. */
function wired(spec: Partial<DialectSpec<'ws'>> = {}, protocols?: readonly string[]) {
  const log: unknown[] = [];
  let events!: DialectPipeEvents;
  const whole: DialectSpec<'ws'> = {
    ...{ name: 'plain', on: 'ws', echo: false },
    receive: (frame) => void log.push(['frame', frame]),
    ...spec,
  };
  const read = readingPipe(whole);
  const open = wireOfPipe((given, asked, addressOf) => {
    events = given;
    log.push(['open', asked, addressOf('ws://host/')]);
    return {
      send: (message) => void log.push(['send', message]),
      close: (code, reason) => void log.push(['close', code, reason]),
      native: 'the socket',
    };
  }, read);
  const wire = open(
    {
      opened: (...given) => void log.push(['opened', ...given]),
      received: (message) => void read.receive(message, {} as DialectContext),
      alive: () => void log.push(['alive']),
      closed: (end) => void log.push(['closed', end]),
    },
    {
      ...{ token: undefined, clock: systemClock, ...(protocols && { protocols }) },
      address: (url) => `${String(url)}?user=ann`,
    },
  );
  return { log, wire, events, took: () => log.splice(0) };
}

it('asks for the subprotocols and the address of the handshake, and for none where it has none', () => {
  expect(wired().log).toEqual([['open', [], 'ws://host/?user=ann']]);
  expect(wired({}, ['chat.v2']).log).toEqual([['open', ['chat.v2'], 'ws://host/?user=ann']]);
});

it('says frames as JSON, and awaits no reply', () => {
  const { wire, took } = wired();
  took();
  const replies = [{ type: 'join' }, ['join'], 'ping', null].map((frame) =>
    wire.send(frame, true, undefined),
  );
  expect(replies).toEqual([undefined, undefined, undefined, undefined]);
  expect(took()).toEqual(
    ['{"type":"join"}', '["join"]', '"ping"', 'null'].map((text) => ['send', text]),
  );
});

it('reads JSON; text that is none, and bytes, as they are', () => {
  const { events, took } = wired();
  took();
  const bytes = Uint8Array.of(123, 125);
  for (const message of ['{"a":[1]}', '1', 'pong', '', '{"a":', bytes]) events.received(message);
  expect(took()).toEqual(
    [{ a: [1] }, 1, 'pong', '', '{"a":', bytes].map((frame) => ['frame', frame]),
  );
});

it("takes the dialect's own encode and decode instead", () => {
  const { wire, events, took } = wired({
    encode: (frame) => new TextEncoder().encode(`<${String(frame)}>`),
    decode: (message) => `${message.length} signs`,
  });
  took();
  void wire.send('hi', false, undefined);
  events.received('{"a":1}');
  expect(took()).toEqual([
    ['send', new TextEncoder().encode('<hi>')],
    ['frame', '7 signs'],
  ]);
});

it('names an encode that throws, and lets a decode that throws be one of receive', () => {
  const broken = (): never => {
    throw new TypeError('x is undefined');
  };
  const { wire, events, took } = wired({ encode: broken, decode: broken });
  took();
  expect(() => wire.send('hi', false, undefined)).toThrow(
    "[anywire:invalid] encode() of the dialect 'plain' threw: x is undefined",
  );
  expect(() => events.received('hi')).toThrow(new TypeError('x is undefined'));
  expect(took()).toEqual([]);
});

it('passes on what happens: no connection id at the start, signs of life, the code of the end', () => {
  const { wire, events, took } = wired();
  took();
  const socket: { opened(...given: unknown[]): void } = events;
  socket.opened({ type: 'open' });
  events.alive();
  events.closed({ code: 4001, reason: 'old token' });
  expect(took()).toEqual([['opened'], ['alive'], ['closed', { code: 4001, reason: 'old token' }]]);
  wire.close();
  expect(took()).toEqual([['close', 1000, '']]);
  expect(wire.native).toBe('the socket');
});
