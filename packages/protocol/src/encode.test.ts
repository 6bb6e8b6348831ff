import { expect, it } from 'vitest';
import { decodeServerFrames } from './codec.ts';
import {
  changesText,
  changeText,
  encodeFrame,
  memberText,
  messageText,
  pageText,
  presenceText,
  syncText,
} from './encode.ts';

const payload = '{ "a" : [1.50] }';
const message = messageText(
  {
    ...{ c: 'ro"om', s: 1, i: undefined, e: 'said', u: 'ann', k: undefined, ts: 5 },
    ...{ q: 7, x: { k: 1 }, b: undefined },
  },
  payload,
);
const member = memberText({ u: 'ann', x: 'tab-1', k: 'c1' }, payload);

it('writes the payload last', () => {
  expect(encodeFrame({ d: { a: 1 }, t: 'publish', c: 'room', i: 'nonce-ann:0', e: 'said' })).toBe(
    '{"t":"publish","c":"room","i":"nonce-ann:0","e":"said","d":{"a":1}}',
  );
});

it.each([
  [
    'message',
    message,
    '{"t":"message","c":"ro\\"om","s":1,"e":"said","u":"ann","ts":5,"q":7,"x":{"k":1},"d":{ "a" : [1.50] }}',
  ],
  [
    'presence',
    presenceText({ c: 'room', v: 'v:1', a: 'enter', u: 'ann', x: 'tab-1', k: 'c1' }, payload),
    '{"t":"presence","c":"room","v":"v:1","a":"enter","u":"ann","x":"tab-1","k":"c1","d":{ "a" : [1.50] }}',
  ],
  [
    'changes',
    changesText({ c: 'room', v: 'v:2' }, [
      changeText({ a: 'leave', u: 'ann', x: 'tab-1', k: 'c1' }, payload),
    ]),
    '{"t":"changes","c":"room","v":"v:2","changes":[{"a":"leave","u":"ann","x":"tab-1","k":"c1","d":{ "a" : [1.50] }}]}',
  ],
  [
    'sync',
    syncText({ c: 'room', first: true, more: undefined, v: 'v:3' }, [member, member]),
    `{"t":"sync","c":"room","first":true,"v":"v:3","members":[${member},${member}]}`,
  ],
  [
    'page',
    pageText({ r: 1, next: undefined, complete: true }, [message]),
    `{"t":"page","r":1,"complete":true,"items":[${message}]}`,
  ],
])('splices the text of a payload into %s as it is', (_, text, expected) => {
  expect(text).toBe(expected);
  expect(decodeServerFrames(text)).toMatchObject([{ ok: true }]);
});

it('writes empty lists', () => {
  expect(syncText({ c: 'room', first: true, more: undefined, v: undefined }, [])).toBe(
    '{"t":"sync","c":"room","first":true,"members":[]}',
  );
});
