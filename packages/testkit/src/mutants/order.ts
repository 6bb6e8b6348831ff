/** Mutants of order, serials and duplicates. */
import type { Inbound, Serial } from '@anywire/core';
import { acknowledges, receives, remembering, reports, without, type Mutants } from './mutant.ts';

export const orderMutants: Mutants = {
  'lets message 46 overtake message 45': remembering(() => {
    let count = 0;
    let held: Inbound | undefined;
    return reports((link) => ({
      received(channel, message) {
        if ((count += 1) === 45) return void (held = message);
        link.received(channel, message);
        if (count === 46 && held) link.received(channel, held);
      },
    }));
  }),
  'loses every 7th message': remembering(() => {
    let count = 0;
    return receives((message) => ((count += 1) % 7 === 0 ? [] : [message]));
  }),
  'delivers without serials': receives((message) => [without(message, 'serial')]),
  'numbers messages as they come in': remembering(() => {
    let serial = 0;
    return receives((message) => [{ ...message, serial: (serial += 1) }]);
  }),
  'numbers receipts by itself': remembering(() => {
    let serial = 0;
    return acknowledges((outcome) => ({ ...outcome, serial: (serial += 1) }));
  }),
  'delivers twice, the second time without serial and id': receives((message) => [
    message,
    without(message, 'id', 'serial'),
  ]),
  'throws away what comes late': remembering(() => {
    let last: Serial = 0;
    return receives((message) => {
      const { serial = last } = message;
      if (serial < last) return [];
      last = serial;
      return [message];
    });
  }),
  'throws away what is equal to the message before': remembering(() => {
    let last: unknown;
    return receives((message) => {
      const text = JSON.stringify([message.event, message.data, message.sender]);
      if (text === last) return [];
      last = text;
      return [message];
    });
  }),
};
