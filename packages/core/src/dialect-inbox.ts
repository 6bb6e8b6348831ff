/**
 * What came in over a wire, as the dialect understands it: told to core, or to whoever waits for it.
 *
 * @see dialect-received.ts for what a dialect may say · dialect-session.ts
 */
import type { AckLevel, Drop, Inbound, Link } from './contract.ts';
import { blame, noSuch, type OwnContext, stated } from './dialect-calls.ts';
import { keyOf } from './dialect-history.ts';
import type { DialectMessage, Received, ReceivedAll, RefusedReceived } from './dialect-received.ts';
import type { Line } from './dialect-line.ts';
import { begin, type Room } from './dialect-rooms.ts';
import type { SentList } from './dialect-sent.ts';
import type { DialectQuestion, DialectSpec } from './dialect-spec.ts';
import { RealtimeError } from './errors.ts';

export interface InboxParts {
  readonly spec: DialectSpec;
  readonly link: Link;
  readonly context: OwnContext;
  readonly rooms: Map<string, Room>;
  readonly sents: SentList;
  /** It is not the first connection of this client. */
  readonly isBack: boolean;
  readonly line: Pick<Line, 'ready' | 'drop' | 'say'>;
}

export interface Inbox {
  received(frame: unknown): void;
  answered(reply: unknown, question: DialectQuestion): void;
  /** Data flows. */
  joined(room: Room, backlog: readonly DialectMessage[]): void;
  toInbound(message: DialectMessage): Inbound;
}

/** Why a wire ended, and what core may do: of what a dialect said, or of what was thrown. */
export function dropFor(cause: unknown): Drop {
  const said = cause as RefusedReceived;
  const isSaid = !(cause instanceof Error);
  const error = isSaid ? errorOf(said) : RealtimeError.from(cause, 'connection_failed');
  const { code, retryable } = error;
  const isToken = code === 'auth_failed' || code === 'token_expired';
  // Credentials that the app could not give are no old ones.
  const retry = !retryable ? 'never' : isToken && isSaid ? 'fresh-token' : 'backoff';
  const { retryAfterMs } = isSaid ? said : {};
  return { error, retry, ...stated({ retryAfterMs }) };
}

const errorOf = ({ refused, message = 'the server refused it' }: RefusedReceived): RealtimeError =>
  new RealtimeError(refused, message);

export function createInbox({
  spec,
  link,
  context,
  rooms,
  sents,
  isBack,
  line,
}: InboxParts): Inbox {
  const { name, ack, defaultChannel, oneChannel, own } = spec;
  const level: AckLevel = ack?.level ?? 'written';

  const toInbound = (message: DialectMessage): Inbound => {
    const { event, data, id, serial, timestamp, clientId, connectionId, verified } = message;
    const sender = { verified: verified ?? false, ...stated({ clientId, connectionId }) };
    return { event, data, sender, action: 'create', ...stated({ id, serial, timestamp }) };
  };

  /** Where it belongs. @throws {RealtimeError} `invalid` when nobody says */
  const channelOf = (channel: string | undefined): string => {
    const found = channel ?? defaultChannel ?? (oneChannel ? [...rooms.keys()][0] : undefined);
    if (found !== undefined || oneChannel) return found ?? '';
    throw new RealtimeError(
      'invalid',
      `the dialect '${name}' does not say which channel it is of: answer { channel, … }, or give the dialect a defaultChannel, or oneChannel: true`,
    );
  };

  function message(said: DialectMessage, frame: unknown): void {
    const channel = channelOf(said.channel);
    const isOurs = said.id !== undefined || own?.(said, context);
    const sent = isOurs ? sents.returned(said, channel) : undefined;
    const inbound = toInbound(sent ? { ...said, id: sent.id } : said);
    const room = rooms.get(channel);
    if (room?.isJoined) {
      room.first ??= keyOf(inbound);
      link.received(channel, { ...inbound, native: frame });
    }
    if (ack?.by !== 'echo') return;
    const { serial, timestamp } = said;
    sent?.settle?.({ level, ...stated({ serial, timestamp }) });
  }

  const joined = (room: Room, backlog: readonly DialectMessage[]): void => {
    if (room.isJoined || rooms.get(room.channel) !== room) return;
    room.isJoined = true;
    begin(link, room, isBack, backlog.map(toInbound));
    room.settle?.();
    room.settle = undefined;
  };

  const waiting = (): Room | undefined => [...rooms.values()].find(({ isJoined }) => !isJoined);

  function refused(said: RefusedReceived, question: DialectQuestion | undefined): void {
    const { of = question?.to, channel, retryAfterMs } = said;
    if (of === 'connection' || of === 'connect') return line.drop(dropFor(said));
    const error = errorOf(said);
    const id = said.id ?? question?.id;
    if (id !== undefined || of === 'publish') {
      const outcome = { error, ...stated({ retryAfterMs }) };
      if (sents.answered(id ?? true, outcome)) return;
    }
    const last = of === 'join' ? (waiting() ?? [...rooms.values()].at(-1)) : undefined;
    const named = channel ?? question?.channel;
    const room = named === undefined ? last : rooms.get(named);
    if (!room || id !== undefined) return link.report(error, named);
    if (room.settle) return room.settle(error);
    rooms.delete(room.channel);
    link.detached(room.channel, dropFor(said));
  }

  function take(said: Received, frame: unknown, question: DialectQuestion | undefined): void {
    if ('event' in said) message(said, frame);
    else if ('ready' in said) {
      context.clientId = said.clientId ?? context.clientId;
      context.connectionId = said.connectionId ?? context.connectionId;
      line.ready();
    } else if ('joined' in said) {
      const named = said.joined === true ? question?.channel : said.joined;
      const room = named === undefined ? waiting() : rooms.get(named);
      if (room) joined(room, said.backlog ?? []);
    } else if ('acked' in said) {
      const { acked, serial, timestamp, duplicate } = said;
      const outcome = { level, ...stated({ serial, timestamp, duplicate }) };
      sents.answered(acked === true ? (question?.id ?? true) : acked, outcome);
    } else if ('refused' in said) refused(said, question);
    else if ('send' in said)
      line.say(said.send, { to: 'connect' }).catch((error: RealtimeError) => link.report(error));
    else if ('members' in said || 'entered' in said || 'left' in said)
      rooms.get(channelOf(said.channel ?? question?.channel))?.members.changed(said);
    else throw noSuch(spec, `such answer: ${Object.keys(said).join(', ')}`);
  }

  /** What one function answers; nothing that goes wrong in it ends the connection. */
  function all(
    what: string,
    run: () => ReceivedAll,
    frame: unknown,
    question?: DialectQuestion,
  ): void {
    try {
      const said = run();
      if (said === undefined) return;
      const list = (Array.isArray(said) ? said : [said]) as readonly Received[];
      for (const one of list) take(one, frame, question);
    } catch (cause) {
      link.report(blame(name, what, cause), question?.channel);
    }
  }

  return {
    joined,
    toInbound,
    received: (frame) => all('receive', () => spec.receive(frame, context), frame),
    answered(reply, question) {
      const { to, channel = '', id = true } = question;
      let isRefused = false;
      const run = (): ReceivedAll => {
        const said = spec.answer?.(reply, question, context);
        const list = (Array.isArray(said) ? said : [said]) as readonly (Received | undefined)[];
        isRefused = list.some((one) => one && 'refused' in one);
        return said;
      };
      all('answer', run, reply, question);
      if (isRefused) return;
      // An answer that says nothing else is a yes.
      if (to === 'connect') line.ready();
      else if (to === 'publish') sents.answered(id, { level });
      else if (to === 'join') {
        const room = rooms.get(channel);
        if (room) joined(room, []);
      }
    },
  };
}
