/**
 * How the dialects of this folder read what a server sent, of which nothing is certain; and the chat's channel names.
 *
 * @see ../../chat/channels.ts for the channels
 */
import type { DialectContext } from '@anywire/core/dialect';

/** The members of an object; none of anything else. */
export const fields = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

/** A text, or nothing. */
export const text = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;

export const number = (value: unknown): number | undefined =>
  typeof value === 'number' ? value : undefined;

export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** `general` of `room:general`; nothing for other channels. */
export const roomOf = (channel: string): string | undefined => after('room:', channel);
/** `ann` of `user:ann`; nothing for other channels. */
export const userOf = (channel: string): string | undefined => after('user:', channel);

/** How we want to be called: `detail: { name }` of what `auth` answers, else the client id. */
export const nameOf = ({ credentials, clientId }: DialectContext): string =>
  text(fields(credentials.detail)['name']) ?? clientId ?? 'guest';

const after = (prefix: string, channel: string): string | undefined =>
  channel.startsWith(prefix) ? channel.slice(prefix.length) : undefined;
