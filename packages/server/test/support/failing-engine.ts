/** The memory engine, with channels in which everything fails: what a store does that has no room or no connection. */
import { memory, type Engine } from '../../src/index.ts';

/** @param fails - Which channels. */
export function failingEngine(fails: (channel: string) => boolean): Engine {
  const inner = memory();
  const check = (channel: string): void => {
    if (fails(channel)) throw new Error('the store is full');
  };
  return {
    ...inner,
    append: (channel, draft) => (check(channel), inner.append(channel, draft)),
    read: (channel, query) => (check(channel), inner.read(channel, query)),
    members: (channel) => (check(channel), inner.members(channel)),
  };
}
