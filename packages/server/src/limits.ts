/**
 * What clients may cost, each bound with its default, once. Times in ms.
 *
 * @see README.md#limits, which a test holds to this file · limiter.ts, addresses.ts for rates
 */
import { RealtimeError } from '@anywire/core/errors';
import { defaultMaxDepth } from '@anywire/protocol';

/** What one client may cost. */
export interface Limits {
  /** One transport message from a client; at least 4/3 of `payloadBytes` + 4,096. Over it, a WebSocket closes with 1009. @default 131_072 */
  readonly frameBytes: number;
  /** The data of one message: as JSON, or bytes as they travel; over it, `payload_too_large`. @default 65_536 */
  readonly payloadBytes: number;
  /** Arrays and objects inside each other in one payload; over it, `invalid`. @default 64 */
  readonly depth: number;
  /** Attachments of one connection; over it, `limit_exceeded`. @default 256 */
  readonly channels: number;
  /** Members of one channel; over it, `limit_exceeded`. @default 5_000 */
  readonly members: number;
  /** The data of one member as JSON; over it, `payload_too_large`. @default 4_096 */
  readonly presenceBytes: number;
  /** What may wait for one client; over it, close 4001. @default 1_048_576 */
  readonly outboundBytes: number;
  /** From the upgrade to the `connect` frame; over it, close 4202. @default 10_000 */
  readonly connectTimeoutMs: number;
  /** Messages of one history page. @default 1_000 */
  readonly historyItems: number;
  /** Messages of one batch of the app's own backend; over it, `limit_exceeded`. @default 1_000 */
  readonly batchItems: number;
  /** The body of a batch over HTTP; over it, `payload_too_large`. @default 1_048_576 */
  readonly batchBytes: number;

  // How fast: so many in a second, and so many at once after a while without any.

  /** Frames of one connection in a second; over it, close 4004. @default 2_000 */
  readonly frameRate: number;
  /** @default 10_000 */
  readonly frameBurst: number;
  /** Publishes of one connection in a second; over it, `rate_limited`, and volatile ones are dropped. @default 1_000 */
  readonly publishRate: number;
  /** @default 5_000 */
  readonly publishBurst: number;
  /** Publishes of one client id in a second, in all its connections to this process; as `publishRate`. @default 2_000 */
  readonly userPublishRate: number;
  /** @default 10_000 */
  readonly userPublishBurst: number;
  /** `attach`, `enter`, `update`, `history` and `token` of one connection in a second; over it, `rate_limited`. @default 100 */
  readonly requestRate: number;
  /** @default 1_000 */
  readonly requestBurst: number;

  // How many, in this process.

  /** Connections of one client id; over it, close 4003. @default 100 */
  readonly userConnections: number;
  /** Connections of one address (an IPv6 /64 is one); over it, HTTP 429 with `Retry-After`. @default 5_000 */
  readonly addressConnections: number;
  /** Attempts to connect from one address in a second; over it, HTTP 429 with `Retry-After`. @default 200 */
  readonly addressRate: number;
  /** @default 2_000 */
  readonly addressBurst: number;
}

// prettier-ignore
export const defaultLimits: Limits = {
  frameBytes: 131_072,      // a payload and its frame, with room for escapes
  payloadBytes: 65_536,
  depth: defaultMaxDepth,
  channels: 256,
  members: 5_000,
  presenceBytes: 4_096,
  outboundBytes: 1_048_576,
  connectTimeoutMs: 10_000,
  historyItems: 1_000,
  batchItems: 1_000,
  batchBytes: 1_048_576,    // it is in memory at once, as text and as values
  frameRate: 2_000,         // twice the publishes, with all their attaches and pongs
  frameBurst: 10_000,
  publishRate: 1_000,       // a person types 10; a stream of positions has 60
  publishBurst: 5_000,      // an outbox of 500 after a tunnel, ten times over
  userPublishRate: 2_000,
  userPublishBurst: 10_000,
  requestRate: 100,         // each may ask the app's database
  requestBurst: 1_000,      // 256 attaches of a reconnect, each with its history and its member
  userConnections: 100,     // tabs and devices of one person
  addressConnections: 5_000, // an office, or a whole proxy that nobody named
  addressRate: 200,
  addressBurst: 2_000,      // all of them coming back at once
};

/** @throws {RealtimeError} invalid. @see docs/protocol.md#transport-messages for what every client may send */
export function checkLimits({ frameBytes, payloadBytes, ...others }: Limits): void {
  const least = Math.max(65_536, Math.ceil(payloadBytes / 3) * 4 + 4_096);
  if (frameBytes < least)
    throw new RealtimeError('invalid', `limits.frameBytes must be ${least} or more`);
  for (const [name, value] of Object.entries(others))
    if (!(value > 0)) throw new RealtimeError('invalid', `limits.${name} must be more than 0`);
}
