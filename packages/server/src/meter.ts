/**
 * What the server counts: plain numbers, added to where things happen, read when somebody asks. An event costs an integer.
 *
 * Names in the maps come from this code alone (transports, codes, reasons, limits), never from outside: what is counted by a
 * channel or a client would grow without a bound.
 *
 * @see prometheus.ts, which shows them · prometheus.test.ts
 */
import type { Transport } from './transport.ts';

export interface Meter {
  /** Connections by the kind of their transport: all that came. */
  readonly opened: Map<string, number>;
  /** And those that are here. */
  readonly open: Map<string, number>;
  attaches: number;
  detaches: number;
  /** Answers to `attach`, by their continuity. */
  readonly resumes: { initial: number; kept: number; lost: number };
  /** Messages that an engine stored. */
  stored: number;
  /** Those that were known already. */
  duplicates: number;
  /** Those without a serial. */
  volatile: number;
  /** Message frames to receivers, live and from a backlog. */
  deliveries: number;
  /** Bytes of frames handed to transports, as JSON. */
  sentBytes: number;
  /** Error frames, by code. */
  readonly refusals: Map<string, number>;
  /** Connections that the server ended, by reason. */
  readonly closes: Map<string, number>;
  /** What was over a limit of `Limits`, by its name. */
  readonly limited: Map<string, number>;
}

/** What a meter says, and what is computed only when asked. */
export interface MeterReading extends Readonly<Omit<Meter, MapName>> {
  readonly opened: ReadonlyMap<string, number>;
  readonly open: ReadonlyMap<string, number>;
  readonly refusals: ReadonlyMap<string, number>;
  readonly closes: ReadonlyMap<string, number>;
  readonly limited: ReadonlyMap<string, number>;
  /** Channels with attachments. */
  readonly channels: number;
  /** Bytes that wait for clients now. */
  readonly queueBytes: number;
  /** Users and addresses that are counted now. */
  readonly users: number;
  readonly addresses: number;
}
type MapName = 'opened' | 'open' | 'refusals' | 'closes' | 'limited';

export function createMeter(): Meter {
  return {
    opened: new Map(),
    open: new Map(),
    attaches: 0,
    detaches: 0,
    resumes: { initial: 0, kept: 0, lost: 0 },
    stored: 0,
    duplicates: 0,
    volatile: 0,
    deliveries: 0,
    sentBytes: 0,
    refusals: new Map(),
    closes: new Map(),
    limited: new Map(),
  };
}

/** Adds to a counter of a map. */
export function count(counters: Map<string, number>, name: string, by = 1): void {
  counters.set(name, (counters.get(name) ?? 0) + by);
}

/** What is counted, and what is there now. */
export function reading(
  meter: Meter,
  hub: {
    readonly connections: Iterable<{ readonly waitingBytes: number }>;
    readonly channels: { readonly size: number };
    readonly limiter: { readonly users: number };
  },
  addresses: { readonly size: number },
): MeterReading {
  let queueBytes = 0;
  for (const { waitingBytes } of hub.connections) queueBytes += waitingBytes;
  return {
    ...meter,
    resumes: { ...meter.resumes },
    opened: new Map(meter.opened),
    open: new Map(meter.open),
    refusals: new Map(meter.refusals),
    closes: new Map(meter.closes),
    limited: new Map(meter.limited),
    channels: hub.channels.size,
    queueBytes,
    users: hub.limiter.users,
    addresses: addresses.size,
  };
}

/** Under what a transport is counted. */
export function labelOf({ label = 'other' }: Pick<Transport, 'label'>): string {
  return label;
}
