/**
 * Messages as Supabase carries them: `{ aw, d }`, where `aw` has what the service has no field for. Bytes have it before them.
 *
 * @see docs/adapters/supabase.md#on-the-wire
 */
import type { Inbound, MemberInfo, Outbound } from '@anywire/core';

/** `i`: id · `c`: client id · `s`: wire sequence · `x`: what interceptors have added. */
interface Beside {
  readonly i?: unknown;
  readonly c?: unknown;
  readonly s?: unknown;
  readonly x?: unknown;
}

/** Who leaves on purpose says so before. */
export const leftEvent = 'aw:left';

const lengthBytes = 4;

export function toPayload(message: Outbound, c: string | undefined): object {
  const { id: i, data, json = '', sequence: s, extras: x } = message;
  const aw: Beside = { i, ...(c !== undefined && { c }), ...(s && { s }), ...(x && { x }) };
  if (!(data instanceof Uint8Array)) return { aw, d: JSON.parse(json) as unknown }; // the app may change its own
  const head = new TextEncoder().encode(JSON.stringify(aw));
  const framed = new Uint8Array(lengthBytes + head.length + data.length);
  new DataView(framed.buffer).setUint32(0, head.length);
  framed.set(head, lengthBytes);
  framed.set(data, lengthBytes + head.length);
  return framed.buffer;
}

/** What somebody has sent; anybody may have sent anything. */
export function toInbound(event: string, payload: unknown, native: unknown): Inbound {
  const { aw, data } = payload instanceof ArrayBuffer ? unframed(payload) : unwrapped(payload);
  const { i: id, c: clientId, s: sequence, x: extras } = Object(aw) as Beside;
  return {
    ...{ event, data, action: 'create', native },
    sender: { ...(typeof clientId === 'string' && { clientId }), verified: false },
    ...(typeof id === 'string' && { id }),
    ...(typeof sequence === 'number' && { sequence }),
    ...(extras !== undefined && { extras: Object(extras) as Record<string, unknown> }),
  };
}

interface Unwrapped {
  readonly aw?: unknown;
  readonly data: unknown;
}

function unwrapped(payload: unknown): Unwrapped {
  const { aw, d = null } = Object(payload) as { aw?: unknown; d?: unknown };
  return typeof aw === 'object' && aw !== null ? { aw, data: d } : { data: payload ?? null };
}

function unframed(payload: ArrayBuffer): Unwrapped {
  const all = new Uint8Array(payload);
  try {
    const length = new DataView(payload).getUint32(0);
    const head = new TextDecoder('utf-8', { fatal: true }).decode(
      all.subarray(lengthBytes, lengthBytes + length),
    );
    return { aw: JSON.parse(head) as unknown, data: all.slice(lengthBytes + length) };
  } catch {
    return { data: all.slice() };
  }
}

// --- members ---

export const toShown = (c: string, i: string, d: unknown): Record<string, unknown> => ({
  aw: { c, i },
  ...(d !== undefined && { d }),
});

/** Who is no client of ours is known by its key. */
export function toMember(key: string, shown: object): MemberInfo {
  const { aw, d, presence_ref, ...foreign } = shown as Record<string, unknown>;
  const { c, i } = Object(aw) as { c?: unknown; i?: unknown };
  return typeof c === 'string' && typeof i === 'string'
    ? { clientId: c, instanceId: i, data: d }
    : { clientId: key, instanceId: String(presence_ref), data: foreign };
}
