/**
 * One `anywire.v1` session over any pipe: what core asks becomes requests, what the server sends becomes reports.
 *
 * It decides nothing: no timers, no retries, no queue beyond the current tick. It trusts the shape of what its own
 * server sends; what it cannot read ends the session with `protocol_error`.
 *
 * @see docs/protocol.md · session.test.ts · connection.ts for its life, receiver.ts for what comes in
 */
import type { AckFrame, AttachedFrame, ErrorFrame, OkFrame, PageFrame } from '../frames.ts';
import { openConnection } from './connection.ts';
import type {
  ClientSession,
  ErrorMaker,
  HistoryPage,
  Host,
  HostError,
  OpenPipe,
  Outcome,
  SessionOptions,
} from './host.ts';
import { attachment, expiresAt, inbound, receive, type Attachment } from './receiver.ts';

/** Opens a session: asks the host for credentials while the pipe opens, then connects. */
export function createSession<Failure extends HostError>(
  host: Host<Failure>,
  openPipe: OpenPipe,
  options: SessionOptions<Failure>,
): ClientSession<Failure> {
  const {
    error,
    base64: { fromBase64 },
  } = options;
  const attachments = new Map<string, Attachment>();
  const connection = openConnection(host, openPipe, options, (frame) =>
    receive(frame, host, options, attachments, connection),
  );
  const { ask, request, until, ping } = connection.requests;
  const member = (t: string) => (c: string, data: unknown, signal: AbortSignal) =>
    request<void>(signal, t, { c, d: data ?? null });

  return {
    attach: (c, { presence, presenceData: d, cursor, rewind, echo, signal }) =>
      request(
        signal,
        'attach',
        { c, cursor, rewind, presence: presence === 'none' ? undefined : presence, echo, d },
        (answer) => {
          if (signal.aborted) return; // a later attach may be on its way
          attachments.set(c, attachment(answer as AttachedFrame));
          host.attached(c, answer as AttachedFrame);
        },
      ),
    detach(c) {
      attachments.delete(c);
      return request(undefined, 'detach', { c });
    },
    publish: (c, batch, signal) =>
      until(signal, () =>
        Promise.all(
          batch.map((message) => {
            const { id: i, event: e, sequence: q, extras: x, volatile } = message;
            const members = { c, i, e, q, x };
            if (!volatile)
              return ask(
                'publish',
                members,
                (answer) => outcome(answer as AckFrame, error),
                message,
              );
            connection.send({ t: 'publish', ...members }, message);
            return Promise.resolve({ level: 'none' as const });
          }),
        ),
      ),
    presence: {
      enter: member('enter'),
      update: member('update'),
      leave: (c, signal) => request(signal, 'leave', { c }),
    },
    history: {
      async page(c, { limit, direction: dir, from, start, end }, signal) {
        const began = attachments.get(c);
        if (from === 'attach') {
          if (!began) throw error('detached', 'not attached');
          from = began.cursor;
        }
        return request(signal, 'history', { c, limit, dir, from, start, end }, (answer) => {
          const { items, next, complete } = answer as PageFrame;
          return {
            items: items.map((item) => inbound(item, began, true, fromBase64)),
            next,
            complete,
          } as HistoryPage;
        });
      },
    },
    refresh: ({ token = '' }) =>
      request(undefined, 'token', { token }, (answer) => expiresAt(answer as OkFrame, host)),
    ping: (signal) => until(signal, ping),
    close: connection.close,
  };
}

function outcome<Failure extends HostError>(
  frame: AckFrame | ErrorFrame,
  error: ErrorMaker<Failure>,
): Outcome<Failure> {
  if (frame.t === 'error')
    return {
      error: error(frame.code, frame.message),
      retryAfterMs: frame.retryAfterMs,
    } as Outcome<Failure>;
  const { s: serial, ts: timestamp, dup: duplicate } = frame;
  return {
    level: serial ? 'stored' : 'accepted',
    serial,
    timestamp,
    duplicate,
  } as Outcome<Failure>;
}
