import { describe, expect, it } from 'vitest';
import { attached, message, never, outbound, ready, settle } from '../../test/session-harness.ts';
import { messagePack } from '../messagepack/index.ts';

const data = new Uint8Array([0, 1, 2, 255]);
const bytes = { ...outbound(0), data, json: undefined };
const codec = messagePack();

describe('bytes', () => {
  it('go out as base64 with a mark, behind the sequence and the extras', async () => {
    const { session, written } = await ready();
    const done = session.publish('room', [{ ...bytes, sequence: 7, extras: { k: 1 } }], never);
    done.catch(() => {});
    await settle();
    expect(written()).toEqual([
      '{"t":"publish","r":1,"c":"room","i":"nonce-ann:0","e":"said","q":7,"x":{"k":1},"b":1,"d":"AAEC/w=="}',
    ]);
  });

  it.each([
    ['JSON', undefined, { b: 1 as const, d: 'AAEC/w==' }],
    ['MessagePack', codec, { d: data }],
  ])('come in from %s as a plain Uint8Array, with what travels beside them', async (...given) => {
    const [, agreed, carried] = given;
    const { receive, heard } = await attached('e1:4:', false, agreed);
    receive({ ...message(5), ...carried, q: 7, x: { k: 1 } });
    const [, , inbound] = heard[0] as [string, string, { data: Uint8Array }];
    expect(inbound).toMatchObject({ data, sequence: 7, extras: { k: 1 } });
    expect(inbound.data.constructor).toBe(Uint8Array);
  });

  it('that are no base64 end the connection with protocol_error', async () => {
    const { receive, heard, closed } = await attached();
    receive({ ...message(5), b: 1, d: 7 });
    expect(heard.at(-1)).toMatchObject(['dropped', { error: { code: 'protocol_error' } }]);
    expect(closed).toMatchObject([{ code: 4400 }]);
  });
});

describe('MessagePack', () => {
  it('sends the frames of one tick together, up to 16,384 bytes', async () => {
    const { session, lengths } = await ready(codec);
    const sized = (length: number) => ({ ...bytes, data: new Uint8Array(length) });
    const batch = [sized(8_000), sized(8_000), sized(40_000), sized(65_536)];
    session.publish('room', batch, never).catch(() => {});
    await settle();
    expect(lengths().map((length) => Math.floor(length / 1_000))).toEqual([16, 40, 65]);
  });

  it('sends what JSON would have said, and reads several frames of one message', async () => {
    const { session, receive, sent, heard } = await attached('e1:4:', false, codec);
    const at = new Date(0);
    session.presence.enter('room', { at, gone: undefined }, never).catch(() => {});
    await settle();
    expect(sent()).toMatchObject([{ t: 'enter', c: 'room', d: { at: at.toJSON() } }]);
    receive(message(5), message(6));
    expect(heard.map(([, , inbound]) => (inbound as { serial: number }).serial)).toEqual([5, 6]);
  });

  it('takes text for a broken server', async () => {
    const { events, heard } = await ready(codec);
    events.received('{"t":"ping"}');
    expect(heard.at(-1)).toMatchObject(['dropped', { error: { code: 'protocol_error' } }]);
  });

  it('is what the server does not speak, when the pipe opens without it', async () => {
    const { events, heard } = await ready();
    events.received(codec.encode({ t: 'ping' }));
    expect(heard.at(-1)).toMatchObject(['dropped', { error: { code: 'protocol_error' } }]);
  });
});
