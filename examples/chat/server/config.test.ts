import { expect, it } from 'vitest';
import { originsOf, readConfig } from './config.ts';

it('offers our own server alone where nothing is configured, and lets the page connect to nowhere else', () => {
  const config = readConfig();
  expect(config.backends).toContainEqual({ name: 'ws', url: '/anywire' });
  expect(originsOf(config)).toEqual([]);
});

it('puts what is configured first, and allows both schemes of its address', () => {
  const config = readConfig(' ws=wss://example.com/a  sse=http://127.0.0.1:1 ');
  expect(config.backends.slice(0, 2)).toEqual([
    { name: 'ws', url: 'wss://example.com/a' },
    { name: 'sse', url: 'http://127.0.0.1:1' },
  ]);
  expect(originsOf(config)).toEqual([
    'https://example.com',
    'wss://example.com',
    'http://127.0.0.1:1',
    'ws://127.0.0.1:1',
  ]);
});

it.each([
  ['nonsense=http://a', /no backend 'nonsense', but: ws, /u],
  ['ws', /write ws=http/u],
  ['ws=ftp://a', /write ws=http/u],
  ['ws=javascript:alert(1)', /write ws=http/u],
])('refuses %s, and says what to write', (given, words) => {
  expect(() => readConfig(given)).toThrow(words);
});
