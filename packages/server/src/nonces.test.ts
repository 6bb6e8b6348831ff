import { describe, expect, it } from 'vitest';
import { nonceTable } from './nonces.ts';

describe('the table of nonces', () => {
  it('drops the longest unused beyond its bound, and never one that is in use', () => {
    const table = nonceTable(2);
    for (const nonce of ['used', 'a', 'b', 'c']) table.claim(nonce, ['ann']);
    for (const nonce of ['a', 'b', 'c']) table.release(nonce, 0);
    expect(table.size).toBe(3);
    expect(table.claim('a', ['bob'])).toBe(true);
    expect(table.claim('b', ['bob'])).toBe(false);
    expect(table.claim('used', ['bob'])).toBe(false);
  });

  it('drops what has been unused since before a time', () => {
    const table = nonceTable();
    table.claim('old', ['ann']);
    table.claim('new', ['ann']);
    table.claim('used', ['ann']);
    table.release('old', 1);
    table.release('new', 2);
    table.expire(2);
    expect(table.size).toBe(2);
    expect(table.claim('old', ['bob'])).toBe(true);
  });

  it('counts its uses: of two connections the second keeps it', () => {
    const table = nonceTable();
    table.claim('n', ['ann']);
    table.claim('n', ['ann']);
    table.release('n', 1);
    table.expire(10);
    expect(table.claim('n', ['bob'])).toBe(false);
    table.release('unknown', 1);
  });
});
