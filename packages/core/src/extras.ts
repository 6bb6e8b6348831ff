/** What interceptors add beside the data, and take away again at the other end. */
import type { Inbound } from './contract.ts';

/** `message` as it was before an interceptor of the sender added `name`. */
export function withoutExtra({ extras = {}, ...message }: Inbound, name: string): Inbound {
  const others = Object.entries(extras).filter(([key]) => key !== name);
  return others.length > 0 ? { ...message, extras: Object.fromEntries(others) } : message;
}
