/** What rooms and direct messages have in common: a log, a way to write, and what was not read yet. */
import type { Message, Store } from '@anywire/core';
import type { Profile } from './profile.ts';
import { createLog, type Log } from './log.ts';
import type { ReadMarks } from './read-marks.ts';
import type { Route } from './route.ts';
import type { Chat } from './sending.ts';
import { value } from './store.ts';
import type { Typing } from './typing.ts';

export interface Conversation {
  readonly route: Route;
  readonly title: Store<string>;
  readonly log: Log;
  /** Why there is nothing to see yet. */
  readonly status: Store<Status>;
  readonly unread: Store<number>;
  /** What was said before one came can be had. */
  isKept(): boolean;
  /** One may write here. */
  canWrite(): boolean;
  /** Rooms only. */
  readonly typing?: Typing;
  send(text: string): void;
  /** The newest message is on the screen. */
  read(): void;
}

export type Status =
  | { readonly kind: 'loading' | 'ready' }
  /** The backend has nothing of the kind. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'refused'; readonly why: string };

/** What a conversation needs of the page. */
export interface Context {
  readonly chat: Chat;
  readonly me: Profile;
  readonly marks: ReadMarks;
  /** Whether a client id is ours: the backend may call us something else than the page does. */
  isMe(clientId: string): boolean;
}

/** When it was said, ms since 1970; not known of an old message of a server that gives no times. */
export function timeOf({
  timestamp,
  replayed,
}: Pick<Message, 'timestamp' | 'replayed'>): number | undefined {
  return timestamp ?? (replayed ? undefined : Date.now());
}

/** The parts that do not depend on the channel. */
export function createReadableLog(
  { marks }: Context,
  name: string,
): Pick<Conversation, 'log' | 'unread' | 'read'> {
  const log = createLog();
  const unread = value(0);
  const times = (): number[] =>
    log.lines
      .get()
      .flatMap((line) => (line.kind === 'message' && !line.isOwn ? [line.at ?? 0] : []));
  const count = (): void => {
    const mark = marks.get(name) ?? 0;
    unread.set(times().filter((at) => at > mark).length);
  };
  log.lines.subscribe(count);
  return {
    log,
    unread,
    read() {
      marks.set(name, Math.max(0, ...times()));
      count();
    },
  };
}
