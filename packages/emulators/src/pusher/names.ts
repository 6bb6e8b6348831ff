/** What a channel's name says about it. */

export interface ChannelKind {
  /** A subscription needs a signature. */
  readonly isPrivate: boolean;
  readonly isPresence: boolean;
  readonly isEncrypted: boolean;
  /** Keeps its last event. */
  readonly isCache: boolean;
}

const allowed = /^[A-Za-z0-9_\-=@,.;]+$/;
/** What a client reads of its own user: no name that anybody else can use. */
export const userChannelPrefix = '#server-to-user-';

export const isChannelName = (name: unknown, maxLength: number): name is string =>
  typeof name === 'string' && name.length <= maxLength && allowed.test(name);

export function kindOf(name: string): ChannelKind {
  const isPresence = name.startsWith('presence-');
  const isEncrypted = name.startsWith('private-encrypted-');
  return {
    isPresence,
    isEncrypted,
    isPrivate: isPresence || name.startsWith('private-'),
    isCache: /^(private-encrypted-|private-|presence-)?cache-/.test(name),
  };
}
