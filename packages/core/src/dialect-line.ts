/**
 * The line to a server: a wire that is opened with the app's credentials, what is said over it, and its end, which ends all
 * that waits.
 *
 * @see dialect-session.ts
 */
import type { Drop, Link } from './contract.ts';
import { addressOf } from './dialect-address.ts';
import { framesOf, guarded, type OwnContext, stated } from './dialect-calls.ts';
import { dropFor } from './dialect-inbox.ts';
import type { DialectQuestion, DialectSpec, DialectTransport } from './dialect-spec.ts';
import type { OpenWire, Wire, WireEvents } from './dialect-wire.ts';
import { RealtimeError } from './errors.ts';

/** Who is told of what comes in. */
export interface LineHost {
  /** A frame. */
  received(frame: unknown): void;
  /** The reply to what was asked. */
  answered(reply: unknown, question: DialectQuestion): void;
}

export interface Line {
  /** Fires at the end, with the error as its reason. */
  readonly over: AbortSignal;
  readonly native: unknown;
  /** The server can be used. */
  ready(): void;
  /** Breaks it, and tells core why. */
  drop(drop: Drop): void;
  /** Ends it without a word. */
  end(error: RealtimeError): void;
  /** Settles with what `begin` comes to; rejects when the signal fires, or the line ends. */
  wait<Value>(
    signal: AbortSignal,
    begin: (resolve: (value: Value) => void, reject: (error: unknown) => void) => void,
  ): Promise<Value>;
  /** Hands all frames over at once; where a reply is asked for, the host gets that of the last one. */
  say(
    said: unknown,
    question: DialectQuestion,
    isAsked?: boolean,
    signal?: AbortSignal,
  ): Promise<void>;
}

/** Opens it, in a later microtask. */
export function openLine(
  spec: DialectSpec,
  open: OpenWire<DialectTransport>,
  link: Link,
  context: OwnContext,
  host: LineHost,
): Line {
  const { name } = spec;
  const closing = new AbortController();
  const over = closing.signal;
  let wire: Wire<DialectTransport> | undefined;
  let isOpen = false;
  let isRead = false;

  const line: Line = {
    over,
    get native() {
      return wire?.native;
    },
    ready() {
      if (isRead || over.aborted) return;
      isRead = true;
      const { connectionId, clientId, credentials } = context;
      const { expiresAt } = credentials;
      link.opened({
        ...stated({ connectionId, clientId, expiresAt }),
        heartbeatMs: spec.heartbeatMs ?? 0,
        resume: true,
      });
    },
    drop(drop) {
      if (over.aborted) return;
      line.end(drop.error);
      link.dropped(drop);
    },
    end(error) {
      closing.abort(error);
      wire?.close();
    },
    wait: (signal, begin) =>
      new Promise((resolve, reject) => {
        const aborted = (): void => reject(new RealtimeError('aborted', 'the signal fired'));
        const ended = (): void => reject(over.reason as RealtimeError);
        if (over.aborted) return ended();
        if (signal.aborted) return aborted();
        signal.addEventListener('abort', aborted);
        over.addEventListener('abort', ended);
        const settle =
          <Value>(act: (value: Value) => void) =>
          (value: Value): void => {
            signal.removeEventListener('abort', aborted);
            over.removeEventListener('abort', ended);
            act(value);
          };
        begin(settle(resolve), settle(reject));
      }),
    async say(said, question, isAsked = false, signal) {
      const frames = framesOf(spec.on, said) ?? [];
      const current = wire;
      if (!current || !isOpen || over.aborted)
        throw new RealtimeError('connection_failed', `${name} is not connected`);
      const replies = frames.map((frame, index) =>
        Promise.resolve(
          current.send(frame as never, isAsked && index === frames.length - 1, signal),
        ),
      );
      const reply = (await Promise.all(replies)).at(-1);
      if (isAsked && !over.aborted) host.answered(reply, question);
    },
  };

  const events: WireEvents<DialectTransport> = {
    alive: () => link.alive(),
    opened(connectionId) {
      if (over.aborted) return;
      isOpen = true;
      context.connectionId = connectionId;
      const failed = (cause: unknown): void => line.drop(dropFor(cause));
      try {
        const said = guarded(name, 'connect', () => spec.connect?.(context));
        line.say(said, { to: 'connect' }, spec.ready === 'reply').catch(failed);
      } catch (cause) {
        return failed(cause);
      }
      if (!spec.ready) line.ready();
    },
    received(frame) {
      if (over.aborted) return;
      link.alive();
      host.received(frame);
    },
    closed(end, known) {
      const { code = '', reason } = end;
      const said = reason || `the connection ended ${code}`.trim();
      let drop = known ?? dropFor(new RealtimeError('connection_failed', `${name}: ${said}`));
      try {
        const means = guarded(name, 'closed', () => spec.closed?.(end, context));
        if (means) drop = dropFor(means);
      } catch (error) {
        link.report(error as RealtimeError);
      }
      line.drop(drop);
    },
  };

  async function start(): Promise<void> {
    try {
      const credentials = await link.authorize({});
      if (over.aborted) return;
      context.credentials = credentials;
      context.clientId = credentials.clientId ?? link.clientId;
      const handshake = guarded(name, 'handshake', () => spec.handshake?.(context)) ?? {};
      wire = open(events, {
        ...handshake,
        token: credentials.token,
        address: (url) => addressOf(url, handshake.query),
        clock: link.clock,
      });
    } catch (cause) {
      line.drop(dropFor(cause));
    }
  }
  void start();
  return line;
}
