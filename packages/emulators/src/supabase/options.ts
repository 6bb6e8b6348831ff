/** Every option of the emulated Supabase Realtime, every time and every limit, with the documented values of the service. */
import type { Clock } from '../clock.ts';
import type { Claims } from './tokens.ts';

// prettier-ignore
export const defaultTimes = {
  connectBackoffMs: 2_000,      // before a handshake is refused
  joinBackoffMs: 5_000,         // before a join is refused
  idleMs: 60_000,               // a connection without a frame from its client is closed
  tokenCheckMs: 300_000,        // tokens of joined channels are looked at as often, and when they end
  changesReadyMs: 0,            // from the join until changes of the database are told
  retentionMs: 259_200_000,     // of stored messages
};

// prettier-ignore
export const defaultLimits = {
  connections: 200,
  channelsPerConnection: 100,
  joinsPerSecond: 100,          // of the project; an average over a minute
  messagesPerSecond: 100,       // of the project, both ways; an average over a minute
  presencePer30s: 5,            // calls of one channel of one connection
  payloadBytes: 3_000_500,
  headerBytes: 255,             // of topics, events and refs in binary frames
  replay: 25,                   // stored messages at a join
};

export type SupabaseTimes = Readonly<typeof defaultTimes>;
export type SupabaseLimits = Readonly<typeof defaultLimits>;

/** What a policy on `realtime.messages` is asked: `select` for read, `insert` for write. */
export interface PolicyRequest {
  /** Without `realtime:`. */
  readonly topic: string;
  readonly extension: 'broadcast' | 'presence';
  readonly operation: 'read' | 'write';
  readonly claims: Claims;
}

export interface SupabaseOptions {
  /** Signs the tokens of the project, HS256. */
  readonly jwtSecret: string;
  /** Keys that are no tokens, each with its role. @default {} */
  readonly keys?: Readonly<Record<string, 'anon' | 'service_role'>>;
  /**
   * Row level security of private channels. Nobody asks it about `service_role`, nor about public channels.
   *
   * @default everything for the role `authenticated`, nothing for others
   */
  readonly policy?: (request: PolicyRequest) => boolean;
  /** Refuses public channels. @default false */
  readonly privateOnly?: boolean;
  readonly times?: Partial<SupabaseTimes>;
  readonly limits?: Partial<SupabaseLimits>;
  /** Decides what is told first where the service does not: a reply, or what it caused. @default () => 0: the reply */
  readonly random?: () => number;
  readonly clock?: Clock;
  /** One line for each thing of note. @default nothing is logged */
  readonly log?: (text: string) => void;
}
