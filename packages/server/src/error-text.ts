/** What an error says, without the code in front: where it travels, the code is a member of its own. */
import type { RealtimeError } from '@anywire/core/errors';

export function errorText({ code, message }: RealtimeError): string {
  return message.replace(`[anywire:${code}] `, '');
}
