import { describe, expect, it } from 'vitest';
import { originCheck } from './origin.ts';

describe('an origin', () => {
  it.each([
    [undefined, true], // not a browser
    ['http://example.com', true],
    ['https://example.com', true], // a proxy speaks TLS
    ['https://example.com:8443', false],
    ['https://example.com.evil.example', false],
    ['https://good.example', false],
    ['null', false],
    ['', false],
    ['nonsense', false],
  ])('%s may connect to its own host: %s', (origin, expected) => {
    const headers = { host: 'Example.com', ...(origin === undefined ? {} : { origin }) };
    expect(originCheck(undefined)(headers)).toBe(expected);
  });

  it.each([
    [undefined, true],
    ['https://good.example', true],
    ['https://good.example.evil.example', false],
    ['http://good.example', false],
    ['https://good.example/', false],
    ['https://sub.good.example', false],
    ['http://example.com', false], // its own host is not on the list
    ['null', false],
  ])('%s is on a list: %s', (origin, expected) => {
    const headers = { host: 'example.com', ...(origin === undefined ? {} : { origin }) };
    expect(originCheck(['https://good.example'])(headers)).toBe(expected);
  });

  it('is any with *', () => {
    expect(originCheck('*')({ origin: 'null', host: 'x' })).toBe(true);
  });
});
