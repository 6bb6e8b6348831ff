import { describe, expect, it } from 'vitest';
import { formatCursor, parseCursor } from './cursor.ts';
import { isChannelName, isEventName, isMessageId, isNonce, nonceOf } from './names.ts';

describe('names', () => {
  it('have 1 to 255 units as a channel and 1 to 128 as an event', () => {
    for (const [is, max] of [
      [isChannelName, 255],
      [isEventName, 128],
    ] as const) {
      expect([0, 1, max, max + 1].map((length) => is('x'.repeat(length)))).toEqual([
        false,
        true,
        true,
        false,
      ]);
      expect(is('😀'.repeat(Math.floor(max / 2) + 1))).toBe(false);
    }
  });

  it.each(['__proto__', 'constructor', 'room:42', 'ä/ö', '😀', ' ', '\u0085', '"\\'])(
    'may be %j',
    (name) => {
      expect([isChannelName(name), isEventName(name)]).toEqual([true, true]);
    },
  );

  it.each(['a\nb', 'a\0', '\u001f', '\u007f', '\ud800', 'a\udc00b'])('may not be %j', (name) => {
    expect([isChannelName(name), isEventName(name)]).toEqual([false, false]);
  });
});

describe('nonces and ids', () => {
  it('a nonce has 8 to 32 letters, digits, _ or -', () => {
    expect([7, 8, 32, 33].map((length) => isNonce('a'.repeat(length)))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(['AZaz09_-', 'nonce ann', 'nonce:ann', 'nonceänn', 'nonceann\n'].map(isNonce)).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  it('an id is a nonce and a counter of at most 15 digits without leading zeros', () => {
    const counters = [
      '0',
      '1',
      '999999999999999',
      '1000000000000000',
      '01',
      '-1',
      '1.0',
      '',
      '1\n',
    ];
    expect(counters.map((counter) => isMessageId(`nonce-ann:${counter}`))).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
      false,
      false,
      false,
    ]);
    expect(nonceOf('nonce-ann:17')).toBe('nonce-ann');
  });
});

describe('cursors', () => {
  it.each([
    { epoch: 'e1', serial: 0, id: '' },
    { epoch: 'A_z-9', serial: 999_999_999_999_999, id: 'nonce-ann:17' },
    { epoch: 'e1', serial: 5, id: 'order #7:shipped' },
  ])('%j comes back from its text', (position) => {
    expect(parseCursor(formatCursor(position))).toEqual(position);
  });

  it.each([
    '',
    'e1',
    'e1:1',
    ':1:',
    'e1:-1:',
    'e1:01:',
    'e1:1e3:',
    'e 1:1:',
    `e1:1:${'x'.repeat(129)}`,
  ])('%j is none', (text) => expect(parseCursor(text)).toBeUndefined());
});
