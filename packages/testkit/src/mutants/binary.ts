/** Mutants of bytes as data. */
import type { Inbound } from '@anywire/core';
import { declares, pagesWith, receives, type Mutants } from './mutant.ts';

/** Bytes that were delivered first, by message. */
const shared = new Map<string, Uint8Array>();

const asText = (message: Inbound): Inbound =>
  message.data instanceof Uint8Array ? { ...message, data: String(message.data) } : message;

export const binaryMutants: Mutants = {
  'delivers bytes as a list of numbers': receives((message) => [
    message.data instanceof Uint8Array ? { ...message, data: [...message.data] } : message,
  ]),
  'hands out the same bytes to every client': receives((message) => {
    if (!(message.data instanceof Uint8Array)) return [message];
    const key = String(message.id);
    const data = shared.get(key) ?? message.data;
    shared.set(key, data);
    return [{ ...message, data }];
  }),
  'cuts bytes off at 60,000': receives((message) => [
    message.data instanceof Uint8Array
      ? { ...message, data: message.data.slice(0, 60_000) }
      : message,
  ]),
  'takes text that looks like base64 for bytes': receives((message) => [
    message.data === 'AAEC' ? { ...message, data: new Uint8Array([0, 1, 2]) } : message,
  ]),
  'keeps bytes in history as text': pagesWith((page) => ({
    ...page,
    items: page.items.map(asText),
  })),
  'replays bytes as text': receives((message) => [message.replayed ? asText(message) : message]),
  'claims bytes': declares(() => ({ binary: 'native' })),
};
