/**
 * What a listening exchange says again, because the server keeps nothing between two of them: for each channel its
 * cursor, its presence mode and member, and the version of the members that are known. And what of an answer the
 * session has heard before, so that to it all exchanges are one connection.
 *
 * Pure: no requests, no timers.
 *
 * @see docs/protocol.md#http · poll-channels.test.ts · poll-pipe.ts, which makes the requests
 */
import type {
  AttachedFrame,
  AttachFrame,
  ClientFrame,
  DetachedFrame,
  MessageFrame,
  ServerFrame,
} from '@anywire/protocol';

/** A frame of the session that changes what is listened to. */
export type Control = Extract<ClientFrame, { r: number; c: string }>;

interface Channel {
  /** Of the attach that began it, used again for each. */
  readonly r: number;
  readonly echo: boolean | undefined;
  readonly watches: boolean;
  /** What this client shows, and the number of the request that showed it; undefined: it is no member. */
  member: { readonly r: number; readonly d: unknown } | undefined;
  cursor: string;
  /** Of the members that are known; undefined: none are. */
  version: string | undefined;
  /** The session waits for the end of a backlog. */
  isReplaying: boolean;
  /** What comes is the backlog of an attach that the session does not know of. */
  isCatchingUp: boolean;
}

/** What a server MAY add to frames about members: the version of the set after them. */
interface Versioned {
  readonly v?: string;
}

export interface PollChannels {
  readonly size: number;
  /** The frames before those of `controls`. */
  frames(controls: readonly Control[]): object[];
  /** Whether `frame` is a set of members that is known already: a server need not look at versions. */
  knows(frame: ServerFrame): boolean;
  /** What leaves for good. */
  farewell(): object[];
  /**
   * Frames that stand for `frame` to the session: itself, none, or what it means to somebody who was attached.
   *
   * @param control - The request that `frame` answers, if it is one of the session's.
   */
  heard(frame: ServerFrame, control: Control | undefined): ServerFrame[];
}

/**
 * @param nonce - What the ids of our own messages begin with.
 * @param broken - Something is missing: only a new session can find out what.
 */
export function createPollChannels(nonce: string, broken: (why: string) => void): PollChannels {
  const channels = new Map<string, Channel>();

  function frames(controls: readonly Control[]): object[] {
    const about = (types: readonly string[], channel: string): boolean =>
      controls.some(({ t, c }) => c === channel && types.includes(t));
    return [...channels].flatMap(([c, { r, echo, watches, cursor, version, member }]) => {
      if (about(['attach', 'detach'], c)) return [];
      const shown = about(['leave'], c) ? undefined : member;
      const presence = watches ? (shown ? 'enter' : 'watch') : undefined;
      const attach = { t: 'attach', r, c, cursor, v: version, presence, echo };
      if (!shown) return [attach];
      if (watches) return [{ ...attach, d: shown.d }];
      return [attach, { t: 'enter', r: shown.r, c, d: shown.d }];
    });
  }

  function attached(frame: AttachedFrame, control: AttachFrame | undefined): ServerFrame[] {
    const { c, cursor, backlog, continuity } = frame;
    if (control) {
      const { r, echo, presence, d } = control;
      channels.set(c, {
        ...{ r, echo, cursor, version: undefined, watches: presence !== undefined },
        ...{ member: presence === 'enter' ? { r, d } : undefined },
        ...{ isReplaying: backlog, isCatchingUp: false },
      });
      return [frame];
    }
    const channel = channels.get(c);
    if (!channel) return [];
    if (continuity !== 'kept') broken(frame.reason ?? 'messages are missing');
    channel.isCatchingUp = backlog;
    if (backlog) return [];
    channel.cursor = cursor;
    return replayed(c, channel);
  }

  function replayed(c: string, channel: Channel): ServerFrame[] {
    const isNews = channel.isReplaying;
    channel.isReplaying = channel.isCatchingUp = false;
    return isNews ? [{ t: 'replayed', c }] : [];
  }

  function message(frame: MessageFrame, channel: Channel): ServerFrame[] {
    const { s, i = '' } = frame;
    if (s) channel.cursor = `${channel.cursor.slice(0, channel.cursor.indexOf(':'))}:${s}:${i}`;
    // A backlog holds our own messages, but to the session these are live.
    const isHeldBack = channel.echo === false && channel.isCatchingUp && !channel.isReplaying;
    return isHeldBack && i.startsWith(`${nonce}:`) ? [] : [frame];
  }

  /** An attach that went well before is refused now: to the session, its attachment ends. */
  function refused(r: number, frame: Omit<DetachedFrame, 't' | 'c'>): ServerFrame[] {
    for (const [c, channel] of channels) {
      if (channel.r !== r) continue;
      channels.delete(c);
      const { code, message, retryAfterMs } = frame;
      return [{ t: 'detached', c, code, message, ...(retryAfterMs && { retryAfterMs }) }];
    }
    return [];
  }

  /** What a request that was done means for the next exchanges. */
  function done({ t, c, ...rest }: Control): void {
    const channel = channels.get(c);
    if (t === 'detach') channels.delete(c);
    else if (channel && t === 'leave') channel.member = undefined;
    else if (channel) channel.member = rest as { r: number; d: unknown };
  }

  return {
    get size() {
      return channels.size;
    },
    frames,
    knows: (frame) =>
      frame.t === 'sync' && [undefined, channels.get(frame.c)?.version].includes(frame.v),
    farewell: () =>
      [...channels].flatMap(([c, { r, member }]) => (member ? [{ t: 'detach', r, c }] : [])),
    heard(frame, control) {
      const channel = 'c' in frame && frame.c !== undefined ? channels.get(frame.c) : undefined;
      switch (frame.t) {
        case 'attached':
          return attached(frame, control as AttachFrame | undefined);
        case 'error':
          if (control?.t === 'attach') channels.delete(control.c);
          return control || !frame.r ? [frame] : refused(frame.r, frame);
        case 'ok':
          if (control) done(control);
          return control ? [frame] : [];
        case 'message':
          return channel ? message(frame, channel) : [];
        case 'replayed':
          return channel ? replayed(frame.c, channel) : [];
        case 'detached':
          channels.delete(frame.c);
          return [frame];
        case 'sync':
        case 'presence':
        case 'changes':
          if (channel) channel.version = (frame as Versioned).v ?? channel.version;
          return [frame];
        default:
          return [frame];
      }
    },
  };
}
