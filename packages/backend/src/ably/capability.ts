/** What a token may do: the operations of Ably, channel by channel, and no more. @see https://ably.com/docs/auth/capabilities */
import type { ChannelAction, ChannelGrant } from '../provider.ts';
import { remoteName } from './names.ts';

/** Who may subscribe sees the members, too: Ably has no operation for that alone. */
const operations: Readonly<Record<ChannelAction, string>> = {
  attach: 'subscribe',
  history: 'history',
  presence: 'presence',
  publish: 'publish',
};

/** No name of an app becomes this one: a token that is good for nothing, for Ably issues none that names nothing. */
const nobody = { '~': ['subscribe'] };

/** A `*` in a name would be every name, or every one with the same beginning: such a channel is left out. */
export function capabilityOf(
  grants: readonly ChannelGrant[],
): Readonly<Record<string, readonly string[]>> {
  const entries = grants
    .filter(({ channel, may }) => may.size > 0 && !channel.name.includes('*'))
    .map(({ channel, may }) => [
      remoteName(channel.name),
      [...may].map((action) => operations[action]).sort(),
    ]);
  return entries.length > 0
    ? (Object.fromEntries(entries) as Record<string, readonly string[]>)
    : nobody;
}
