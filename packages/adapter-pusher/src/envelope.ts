/**
 * A message inside of an event's data: an object member beside the data, never JSON in a text, which pusher-js would parse.
 *
 * What has none comes from somebody who knows nothing of us, and passes as it is.
 *
 * @see docs/backend.md#events
 */
import type { Inbound, Outbound } from '@anywire/core';
import { fromBase64, toBase64 } from '@anywire/core/base64';

/** `aw` of the data. */
interface Mark {
  /** id */
  readonly i: string;
  /** serial, and the cursor after it */
  readonly s?: number;
  readonly k?: string;
  /** sequence */
  readonly q?: number;
  /** ms since 1970 */
  readonly t?: number;
  /** clientId */
  readonly c?: string;
  /** connection */
  readonly n?: string;
  /** extras */
  readonly x?: Readonly<Record<string, unknown>>;
  /** the event, where Pusher would not take its name */
  readonly e?: string;
  /** the data are base64 */
  readonly b?: 1;
}

const clientPrefix = 'client-';

/** As a client event. */
export function toClientEvent(
  { id, event, data, json, extras, sequence }: Outbound,
  clientId: string | undefined,
  now: number,
): { readonly event: string; readonly data: object } {
  const isBytes = json === undefined;
  const aw: Mark = {
    i: id,
    t: now,
    ...(sequence !== undefined && { q: sequence }),
    ...(clientId !== undefined && { c: clientId }),
    ...(extras && { x: extras }),
    ...(event.length > 190 && { e: event }),
    ...(isBytes && { b: 1 }),
  };
  const d: unknown = isBytes ? toBase64(data as Uint8Array) : JSON.parse(json);
  return { event: clientPrefix + (aw.e === undefined ? event : 'aw'), data: { aw, d } };
}

/** What came in a channel. Events of clients say by themselves who sent them; all others passed the app's backend. */
export function toInbound(event: string, data: unknown): Inbound {
  const isClients = event.startsWith(clientPrefix);
  const name = isClients ? event.slice(clientPrefix.length) : event;
  const { aw, d } = Object(data) as { aw?: Mark; d?: unknown };
  if (typeof aw?.i !== 'string') return { event: name, data, action: 'create' };
  const {
    i: id,
    s: serial,
    k: cursor,
    q: sequence,
    t: timestamp,
    c: clientId,
    n: connectionId,
    x: extras,
  } = aw;
  const sender = { verified: !isClients, ...stated({ clientId, connectionId }) };
  const content = aw.b ? fromBase64(String(d)) : d;
  return {
    id,
    event: aw.e ?? name,
    data: content,
    sender,
    action: 'create',
    ...stated({ serial, cursor, sequence, timestamp, extras }),
  };
}

/** What is there. */
function stated<Members extends object>(
  members: Members,
): { [Name in keyof Members]?: NonNullable<Members[Name]> } {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined),
  ) as never;
}
