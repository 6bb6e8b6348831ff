/**
 * Ably's protocol, version 6, as data: actions, flags, and the shapes of what travels.
 *
 * @see SOURCE.md#ably-wire
 */
import type { Operation } from './capability.ts';

export const actions = {
  heartbeat: 0,
  ack: 1,
  nack: 2,
  connected: 4,
  disconnect: 5,
  disconnected: 6,
  close: 7,
  closed: 8,
  error: 9,
  attach: 10,
  attached: 11,
  detach: 12,
  detached: 13,
  presence: 14,
  message: 15,
  sync: 16,
  auth: 17,
  annotation: 21,
} as const;

export const flags = { hasPresence: 1, hasBacklog: 2, resumed: 4, attachResume: 32 } as const;

export type Mode =
  | 'presence'
  | 'publish'
  | 'subscribe'
  | 'presence_subscribe'
  | 'annotation_publish'
  | 'annotation_subscribe';

/** What a client may do in a channel: the flag of each, and the operation that it needs. */
export const modes: Readonly<
  Record<Mode, { readonly flag: number; readonly operation: Operation }>
> = {
  presence: { flag: 1 << 16, operation: 'presence' },
  publish: { flag: 1 << 17, operation: 'publish' },
  subscribe: { flag: 1 << 18, operation: 'subscribe' },
  presence_subscribe: { flag: 1 << 19, operation: 'subscribe' },
  annotation_publish: { flag: 1 << 21, operation: 'annotation-publish' },
  annotation_subscribe: { flag: 1 << 22, operation: 'annotation-subscribe' },
};

export const allModes: readonly Mode[] = Object.keys(modes) as Mode[];

/** What a client gets that asks for none. */
export const defaultModes: readonly Mode[] = allModes.filter(
  (mode) => mode !== 'annotation_subscribe',
);

export const modesIn = (bits: number): readonly Mode[] =>
  allModes.filter((mode) => (bits & modes[mode].flag) !== 0);

export function flagsOf(granted: Iterable<Mode>): number {
  let bits = 0;
  for (const mode of granted) bits |= modes[mode].flag;
  return bits;
}

export const messageActions = {
  create: 0,
  update: 1,
  delete: 2,
  meta: 3,
  summary: 4,
  append: 5,
} as const;

export const presenceActions = { absent: 0, present: 1, enter: 2, leave: 3, update: 4 } as const;

export interface WireError {
  readonly code: number;
  readonly statusCode: number;
  readonly message: string;
  readonly href: string;
}

/** A message. Inside, bytes are a `Uint8Array`, and `encoding` says nothing of base64: that is of one format alone. */
export interface WireMessage {
  id?: string;
  name?: string;
  data?: unknown;
  encoding?: string;
  clientId?: string;
  connectionId?: string;
  timestamp?: number;
  extras?: unknown;
  serial?: string;
  action?: number;
  version?: object;
  annotations?: object;
}

export interface WirePresence {
  id?: string;
  action?: number;
  clientId?: string;
  connectionId?: string;
  data?: unknown;
  encoding?: string;
  timestamp?: number;
  extras?: unknown;
}

/** One frame, in either direction. */
export interface Frame {
  action: number;
  id?: string;
  auth?: { accessToken?: string };
  channel?: string;
  channelSerial?: string;
  connectionId?: string;
  connectionKey?: string;
  connectionDetails?: object;
  count?: number;
  error?: WireError;
  flags?: number;
  msgSerial?: number;
  messages?: readonly WireMessage[];
  params?: Readonly<Record<string, string>>;
  presence?: readonly WirePresence[];
  res?: readonly { readonly serials: readonly (string | null)[] }[];
  timestamp?: number;
}
