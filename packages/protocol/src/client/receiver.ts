/**
 * What the server sends, as reports to the host.
 *
 * A message's cursor is built here, from the epoch of its attachment, so that frames need not carry it.
 *
 * @see docs/protocol.md · session.test.ts
 */
import type { AttachedFrame, MemberFrame, MessageFrame, ServerFrame } from '../frames.ts';
import type { Connection } from './connection.ts';
import type { Drop, Host, HostError, Inbound, Member, OpenedInfo, SessionOptions } from './host.ts';

/** One attached channel. */
export interface Attachment {
  /** Where live messages began. */
  readonly cursor: string;
  /** How every cursor of this attachment begins: `<epoch>:`. */
  readonly prefix: string;
  /** The messages that come now are a backlog. */
  backlog: boolean;
}

/** The attachment that an `attached` frame began. */
export function attachment({ cursor, backlog }: AttachedFrame): Attachment {
  return { cursor, backlog, prefix: cursor.replace(/:.*/, ':') };
}

/** A `message` frame as the host reads it; without an attachment it has no cursor. */
export function inbound(
  { e, d, i, s, ts, u, k, q, x, b }: MessageFrame,
  attached: Attachment | undefined,
  replayed: boolean,
  fromBase64: (text: string) => Uint8Array,
): Inbound {
  return {
    event: e,
    data: b ? fromBase64(d as string) : d,
    id: i,
    serial: s,
    cursor: attached && s ? `${attached.prefix}${s}:${i ?? ''}` : undefined,
    timestamp: ts,
    sender: { clientId: u, connectionId: k, verified: true },
    action: 'create',
    replayed,
    extras: x,
    sequence: q,
  } as Inbound;
}

/** Reports a frame. Throws on what cannot be read. */
export function receive<Failure extends HostError>(
  frame: ServerFrame,
  host: Host<Failure>,
  { error, base64: { fromBase64 } }: SessionOptions<Failure>,
  attachments: Map<string, Attachment>,
  { requests, send, ready, ended }: Connection<Failure>,
): void {
  // After a detach, frames of the channel that were on their way still come: they are dropped.
  const attached = 'c' in frame && attachments.get(frame.c);
  switch (frame.t) {
    case 'message':
      if (attached) host.received(frame.c, inbound(frame, attached, attached.backlog, fromBase64));
      return;
    case 'replayed':
      if (!attached) return;
      attached.backlog = false;
      return host.replayed(frame.c);
    case 'presence':
      if (attached) host.presence(frame.c, { action: frame.a, member: member(frame) });
      return;
    case 'changes':
      if (attached)
        for (const one of frame.changes)
          host.presence(frame.c, { action: one.a, member: member(one) });
      return;
    case 'sync':
      if (!attached) return;
      if (frame.first) host.presence(frame.c, { action: 'sync-start' });
      for (const one of frame.members)
        host.presence(frame.c, { action: 'enter', member: member(one) });
      if (!frame.more) host.presence(frame.c, { action: 'sync-end' });
      return;
    case 'detached':
      if (attachments.delete(frame.c)) {
        const failure = error(frame.code, frame.message);
        host.detached(frame.c, {
          error: failure,
          retry: failure.retryable ? 'backoff' : 'never',
          retryAfterMs: frame.retryAfterMs,
        } as Drop<Failure>);
      }
      return;
    case 'ping':
      return send({ t: 'pong' });
    case 'bye':
      return ended(frame.code, frame.message, frame.retryAfterMs);
    case 'connected': {
      ready();
      const { payloadBytes, presenceGraceMs, members, historyItems } = frame.limits;
      return host.opened({
        connectionId: frame.connection,
        clientId: frame.client,
        limits: {
          maxPayloadBytes: payloadBytes,
          // A leave that the server tells is final: also without a grace there, core keeps none of its own.
          presence: { graceMs: presenceGraceMs === 0 ? 1 : presenceGraceMs, maxMembers: members },
          history: { limit: historyItems },
        },
        heartbeatMs: frame.heartbeatMs,
        expiresAt: expiresAt(frame, host),
        resume: frame.resume,
      } as OpenedInfo);
    }
    case 'error':
      if ('r' in frame) return requests.settle(frame);
      return host.report(error(frame.code, frame.message), frame.c);
    case 'ack':
    case 'attached':
    case 'ok':
    case 'page':
    case 'pong':
      return requests.settle(frame);
    default:
      throw new TypeError('unknown type');
  }
}

/** When what was granted for `expiresInMs` ends, by our clock. */
export function expiresAt(
  { expiresInMs }: { readonly expiresInMs?: number },
  { clock }: Pick<Host<never>, 'clock'>,
): number | undefined {
  return expiresInMs === undefined ? undefined : clock.now() + expiresInMs;
}

function member({ u, x, k, d }: MemberFrame): Member {
  return { clientId: u, instanceId: x, connectionId: k, data: d };
}
