import { describe, expect, it } from 'vitest';
import { pair } from '../test/pair.ts';
import { chunking } from './chunking.ts';
import type { Inbound } from './contract.ts';
import { encryption, type EncryptionOptions } from './encryption.ts';
import { RealtimeError } from './errors.ts';
import { intercept, type Interceptor, type Outgoing } from './intercept.ts';
import { systemClock } from './clock.ts';

const keyOf = (text: string): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', new TextEncoder().encode(text.padEnd(32, '.')), 'AES-GCM', false, [
    'encrypt',
    'decrypt',
  ]);
const ring: Readonly<Record<string, CryptoKey>> = {
  old: await keyOf('old'),
  new: await keyOf('new'),
};
const keys: EncryptionOptions['keys'] = (keyId) => ring[keyId];

let nowMs = 0;
const clock = { ...systemClock, now: () => nowMs };
const context = { channel: 'room', maxPayloadBytes: 65_536, clock };
const receiving = { ...context, isLive: true, signal: new AbortController().signal, report: () => {} }; // prettier-ignore
const outgoing: Outgoing = { id: 'n:1', event: 'e', data: { text: 'hi' }, volatile: false };

/** What `message` is on the wire, as it would arrive. */
async function sealed(by: Interceptor, message: Outgoing = outgoing): Promise<Inbound> {
  const made = (await by.outbound?.(message, context)) as Outgoing;
  return { ...made, action: 'create' };
}

async function opened(by: Interceptor, message: Inbound, channel = 'room'): Promise<unknown> {
  try {
    const made = (await by.inbound?.(message, { ...receiving, channel })) as Inbound;
    return made.data;
  } catch (error) {
    return RealtimeError.is(error) ? error.code : error;
  }
}

describe('encryption', () => {
  const both = encryption({ keys, keyId: 'new' });

  it.each<[string, unknown]>([
    ['an object', { text: 'ünï 👩‍👩‍👧', list: [1, null] }],
    ['a text', ''],
    ['null', null],
    ['bytes', Uint8Array.of(0, 255, 1)],
    ['no bytes', new Uint8Array()],
  ])('gives back %s', async (_, data) => {
    const message = await sealed(both, { ...outgoing, data });
    expect(message.data).toBeInstanceOf(Uint8Array);
    expect(message.extras).toEqual({ encrypted: 'new' });
    expect(await opened(both, message)).toEqual(data);
  });

  it('keeps what other interceptors add, and takes away what it added itself', async () => {
    const message = await sealed(both, { ...outgoing, extras: { other: 1 } });
    expect(message.extras).toEqual({ other: 1, encrypted: 'new' });
    expect(await both.inbound?.(message, receiving)).toMatchObject({ extras: { other: 1 } });
    expect(await both.inbound?.(await sealed(both), receiving)).not.toHaveProperty('extras');
  });

  it('makes another text of the same data each time, and shows nothing of them', async () => {
    const [one, two] = (await Promise.all([sealed(both), sealed(both)])).map(({ data }) => data);
    expect(one).not.toEqual(two);
    expect(new TextDecoder('latin1').decode(one as Uint8Array)).not.toContain('hi');
  });

  it.each<[string, (message: Inbound) => Inbound, string?]>([
    ['one bit of it changed', (message) => flipped(message, 13)],
    ['a bit of its IV changed', (message) => flipped(message, 0)],
    [
      'it is cut off',
      (message) => ({ ...message, data: (message.data as Uint8Array).slice(0, 9) }),
    ],
    ['it was moved to another channel', (message) => message, 'other'],
    ['its event was changed', (message) => ({ ...message, event: 'pay' })],
    ['its id was changed', (message) => ({ ...message, id: 'n:2' })],
    ['it has no id', ({ id: _id, ...message }) => message],
    ['another key is named', (message) => ({ ...message, extras: { encrypted: 'old' } })],
    ['an unknown key is named', (message) => ({ ...message, extras: { encrypted: 'none' } })],
    ['the name of its key is a number', (message) => ({ ...message, extras: { encrypted: 1 } })],
    ['it is plain, and claims to be encrypted', (message) => ({ ...message, data: 'plain' })],
    ['it is plain', ({ extras: _extras, ...message }) => ({ ...message, data: 'plain' })],
  ])('is decryption_failed when %s', async (_, change, channel) => {
    const message = await sealed(both);
    expect(await opened(both, change(message), channel)).toBe('decryption_failed');
    expect(await opened(both, message)).toEqual({ text: 'hi' });
  });

  it('lets plain messages pass where that is allowed, and encrypts its own', async () => {
    const migrating = encryption({ keys, keyId: 'new', allowPlain: true });
    expect(await opened(migrating, { ...outgoing, action: 'create' })).toEqual({ text: 'hi' });
    expect((await sealed(migrating)).extras).toEqual({ encrypted: 'new' });
    expect(await opened(migrating, flipped(await sealed(both), 13))).toBe('decryption_failed');
  });

  it('leaves channels alone that have no key id', async () => {
    const some = encryption({ keys, keyId: (channel) => (channel === 'room' ? 'new' : undefined) });
    const plain = await some.outbound?.(outgoing, { ...context, channel: 'news' });
    expect(plain).toBe(outgoing);
    expect(await opened(some, { ...outgoing, action: 'create' }, 'news')).toEqual({ text: 'hi' });
    expect((await sealed(some)).extras).toEqual({ encrypted: 'new' });
  });

  it('is unsupported where there is no WebCrypto', () => {
    const nothing = {} as Crypto;
    expect(() => encryption({ keys, keyId: 'new', crypto: nothing })).toThrow('unsupported');
  });
});

function flipped(message: Inbound, at: number): Inbound {
  const data = new Uint8Array(message.data as Uint8Array);
  data[at]! ^= 1;
  return { ...message, data };
}

describe('keys', () => {
  it('may change: new messages take the new one, and old ones are still read', async () => {
    let keyId = 'old';
    const rotating = encryption({ keys, keyId: () => keyId });
    const before = await sealed(rotating);
    keyId = 'new';
    const after = await sealed(rotating);
    expect([before, after].map(({ extras }) => extras?.['encrypted'])).toEqual(['old', 'new']);
    const read = await Promise.all([before, after].map((message) => opened(rotating, message)));
    expect(read).toEqual([{ text: 'hi' }, { text: 'hi' }]);
  });

  it('are asked for once, by 20 messages at once and after', async () => {
    const asked: string[] = [];
    const reader = encryption({
      keyId: 'new',
      async keys(keyId, channel) {
        asked.push(`${keyId} ${channel}`);
        await Promise.resolve();
        return ring[keyId];
      },
    });
    const message = await sealed(encryption({ keys, keyId: 'new' }));
    for (let turn = 0; turn < 2; turn++)
      await Promise.all(Array.from({ length: 10 }, () => opened(reader, message)));
    expect(asked).toEqual(['new room']);
  });

  it.each<[string, () => CryptoKey | undefined, string]>([
    ['there is none', () => undefined, 'decryption_failed'],
    ['the app throws', () => { throw new RealtimeError('server_error', 'down'); }, 'server_error'], // prettier-ignore
  ])('are asked for once in 10 s where %s', async (_, answer, code) => {
    let asked = 0;
    const late = encryption({
      keyId: 'new',
      keys: (keyId) => (++asked === 1 ? answer() : ring[keyId]),
    });
    const message = await sealed(encryption({ keys, keyId: 'new' }));
    expect(await opened(late, message)).toBe(code);
    nowMs += 9_999;
    expect([await opened(late, message), asked]).toEqual([code, 1]);
    nowMs += 1;
    expect([await opened(late, message), asked]).toEqual([{ text: 'hi' }, 2]);
  });

  it('of a hostile service do not fill the memory: the 257th pushes out the first', async () => {
    const asked: string[] = [];
    const reader = encryption({
      keyId: 'new',
      keys: (keyId) => {
        asked.push(keyId);
        return undefined;
      },
    });
    const message = await sealed(encryption({ keys, keyId: 'new' }));
    const named = (encrypted: string): Promise<unknown> =>
      opened(reader, { ...message, extras: { encrypted } });
    for (let n = 0; n < 257; n++) await named(`k${n}`);
    await named('k256');
    expect(asked).toHaveLength(257);
    await named('k0');
    expect(asked).toHaveLength(258);
  });

  it('that do not exist reject a publish as invalid; nothing is sent in plain text', async () => {
    const { rooms, wire } = await pair({
      interceptors: intercept(encryption({ keys, keyId: 'none' })),
    });
    await expect(rooms[0].publish('e', 1)).rejects.toMatchObject({ code: 'invalid' });
    expect(wire).toEqual([]);
  });
});

describe('between two clients', () => {
  const options = { interceptors: intercept(encryption({ keys, keyId: 'new' }), chunking()) };

  it('30 messages of all sizes arrive in order, large ones in pieces', async () => {
    const { rooms, wire, bob } = await pair(options);
    const heard: unknown[] = [];
    const all = new Promise((resolve) => {
      rooms[1].on('e', (data) => heard.push(data) === 30 && resolve(undefined));
    });
    const sent = Array.from({ length: 30 }, (_, n) => 'x'.repeat(n % 7 === 0 ? 100_000 : n));
    const receipts = await Promise.all(sent.map((data) => rooms[0].publish('e', data)));
    await all;
    expect(heard).toEqual(sent);
    expect(wire.length).toBe(25 + 5 * 3);
    expect(new Set(wire.map(({ id }) => id)).size).toBe(wire.length);
    expect(new Set(receipts.map(({ id }) => id)).size).toBe(30);
    expect(bob.errors).toEqual([]);
  });

  it('what was changed on the way is reported, and the next one comes', async () => {
    const { rooms, bob } = await pair(options, (inbound, link) =>
      link.received('room', inbound.serial === 1 ? flipped(inbound, 13) : inbound),
    );
    const heard = rooms[1].once('e');
    await Promise.all([1, 2].map((data) => rooms[0].publish('e', data)));
    expect((await heard).data).toBe(2);
    expect(bob.errors.map(({ code }) => code)).toEqual(['decryption_failed']);
  });
});
