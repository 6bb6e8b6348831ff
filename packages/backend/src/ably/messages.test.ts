import { describe, expect, it } from 'vitest';
import { checkSize, remoteId, toMessage } from './messages.ts';

const base = { id: 'nonce:1', event: 'said', data: 1, timestamp: 5 };

describe('an id at Ably', () => {
  it.each([
    ['nonce:1', 'nonce.1:0'],
    ['n4_c-E:42', 'n4_c-E.42:0'],
    ['order-7', 'order-7:0'],
    ['0f8fad5b-d9cb-469f-a165-70867728950e', '0f8fad5b-d9cb-469f-a165-70867728950e:0'],
    ['nonce.1', 'nonce%2E1:0'],
    ['a.b:1', 'a.b%3A1:0'],
    ['a b/c', 'a%20b%2Fc:0'],
    ['100%', '100%25:0'],
  ])('of %s is %s', (id, remote) => {
    expect(remoteId(id)).toBe(remote);
  });

  it('is another for each of 12 that look alike', () => {
    const ids = ['a:1', 'a.1', 'a%2E1', 'a.1:0', 'a:1:0', 'a:01', 'a', 'a:', ':1', 'a.b.1', 'a.b:1', 'a%3A1']; // prettier-ignore
    expect(new Set(ids.map(remoteId)).size).toBe(12);
    for (const id of ids) expect(remoteId(id)).toMatch(/^[^:]+:0$/);
  });
});

describe('a message at Ably', () => {
  it('has what is known, in Ably’s own fields and 2 headers, and nothing else', () => {
    expect(toMessage(base)).toEqual({
      ...{ id: 'nonce.1:0', name: 'said', data: '1', encoding: 'json' },
      extras: { headers: { aw: 0 } },
    });
    const more = { clientId: 'ann', connectionId: 'c', sequence: 3, extras: { trace: 'x' } };
    expect(toMessage({ ...base, ...more, serial: 7, cursor: 'e:7' })).toEqual({
      ...{ id: 'nonce.1:0', name: 'said', data: '1', encoding: 'json', clientId: 'ann' },
      extras: { headers: { aw: 3, awx: '{"trace":"x"}' } },
    });
  });

  it('that is volatile is ephemeral, and bytes stay bytes', () => {
    const data = new Uint8Array([1, 255]);
    expect(toMessage({ ...base, data, volatile: true })).toEqual({
      ...{ id: 'nonce.1:0', name: 'said', data: Buffer.from([1, 255]) },
      extras: { ephemeral: true, headers: { aw: 0 } },
    });
  });

  it('may have 1,000 bytes with all that travels beside the data, where that is the limit, and not 1,001', () => {
    const beside = 'said'.length + JSON.stringify({ headers: { aw: 0 } }).length + '""'.length;
    const sized = (length: number) => ({ ...base, data: 'x'.repeat(length - beside) });
    expect(() => checkSize(sized(1_000), 1_000)).not.toThrow();
    expect(() => checkSize(sized(1_001), 1_000)).toThrow(
      expect.objectContaining({ code: 'payload_too_large' }),
    );
    const wide = { ...base, clientId: 'é'.repeat(500) };
    expect(() => checkSize(wide, 1_000)).toThrow(/1028 bytes|10\d\d bytes/);
  });
});
