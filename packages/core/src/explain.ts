/**
 * What the current backend does by itself, what core or the adapter does in its place and at what cost, and what is
 * refused with which code: as data, and as a table to read or to paste into a report.
 *
 *     console.log(String(explain(realtime)));
 *     console.log(JSON.stringify(explain(room)));
 *
 * @see docs/semantics.md#capabilities · explain.test.ts
 * @module
 */
import type { Channel, Realtime } from './api.ts';
import type { Attachment } from './attachment.ts';
import type { Capabilities, RateLimit, Support } from './capabilities.ts';
import type { Connection } from './connection.ts';
import type { ErrorCode } from './errors.ts';
import { narrowing } from './narrow.ts';

/** Who does it; or the code with which it is refused. */
export type ExplainedBy = 'backend' | 'adapter' | 'core' | ErrorCode;

/** One feature of the backend. */
export interface ExplainedRow {
  readonly feature: string;
  readonly by: ExplainedBy;
  readonly what: string;
  /** What the adapter declares, where the service has said since that it has less. */
  readonly declared?: string;
}

/** What {@link explain} answers. */
export interface Explanation {
  readonly adapter: string;
  readonly connection: string;
  /** Of one channel. */
  readonly channel?: string;
  readonly state?: string;
  readonly rows: readonly ExplainedRow[];
  /** A table. */
  toString(): string;
}

/** Also one whose events are typed. */
type AnyChannel = Pick<Channel, 'name' | 'state' | 'capabilities'> & { readonly presence: object };

/** Who is not a code. */
const parts: ReadonlySet<string> = new Set(['backend', 'adapter', 'core']);

type Told = readonly [by: ExplainedBy, what: string];

const seconds = (ms: number): string => (ms === Infinity ? 'for ever' : `for ${ms / 1_000} s`);

/** By whom a feature is had, where it is. */
const by = (support: Support): ExplainedBy => (support === 'emulated' ? 'adapter' : 'backend');

function rate(limits: readonly RateLimit[] | undefined, over: string): Told {
  if (!limits?.length) return ['backend', 'no rate is known'];
  const each = limits.map(({ max, perMs, scope }) => `${max} in ${perMs} ms for each ${scope}`);
  return ['core', `${each.join(' and ')}; ${over}`];
}

// prettier-ignore
const features: Readonly<Record<string, (has: Capabilities, graceMs: number) => Told>> = {
  'publish':          ({ publish: { maxBatch, inFlight } }) =>
    ['core', `up to ${maxBatch} of one tick together, ${inFlight} unanswered in each channel`],
  'publish unattached': ({ publish: { needsAttach } }) =>
    needsAttach ? ['core', 'attaches for it, and lingers'] : ['backend', 'as it is'],
  'receipt':          ({ ack }) => ['backend', `proves up to '${ack}'; a higher demand is unsupported`],
  'resend':           ({ idempotencyWindowMs }) =>
    idempotencyWindowMs > 0
      ? ['backend', `knows a message id ${seconds(idempotencyWindowMs)}`]
      : ['outcome_unknown', 'of a publish that was written when the connection broke'],
  'order':            ({ order }) =>
    order === 'serial' ? ['backend', 'one order, repeats found by serial']
      : ['core', `'${order}': repeats found by id, early messages held back where serials tell`],
  'attach':           ({ attach }) =>
    attach === 'confirmed' ? ['backend', 'confirmed'] : ['adapter', 'assumed: nothing answers a join'],
  'reconnect':        ({ reconnect }) =>
    reconnect === 'core' ? ['core', 'full jitter'] : ['adapter', 'the loop of its SDK'],
  'resume':           ({ resume: { support, windowMs }, history }) =>
    support !== 'none' ? [by(support), `${seconds(windowMs)}`]
      : history.support !== 'none' ? ['core', 'reads history after each interruption; what it lacks is told by onGap']
        : ['core', 'each interruption is told by onGap'],
  'history':          ({ history: { support, limit, retentionMs } }) =>
    support === 'none' ? ['unsupported', 'nothing is kept']
      : [by(support), `pages of ${limit}, kept ${seconds(retentionMs)}`],
  'rewind':           ({ rewind, history }) =>
    rewind !== 'none' ? [by(rewind), 'with the attach']
      : history.support === 'none' ? ['unsupported', 'nothing is kept']
        : ['core', 'from history, one read for each listener'],
  'presence':         ({ presence: { support, maxMembers, perInstance } }) =>
    support === 'none' ? ['unsupported', 'no members']
      : [by(support), `${maxMembers} members, one for each ${perInstance ? 'instance' : 'client'}`],
  'watching alone':   ({ presence: { support, watchOnly } }) =>
    support !== 'none' && watchOnly ? ['backend', 'without entering'] : ['unsupported', 'without entering'],
  'presence update':  ({ presence: { support, update } }) =>
    support === 'none' || update === 'none' ? ['unsupported', 'enter again instead'] : [by(update), 'one event'],
  'presence grace':   ({ presence }, graceMs) =>
    presence.support === 'none' ? ['unsupported', 'no members']
      : presence.graceMs > 0 ? ['backend', `${seconds(presence.graceMs)}`]
        : ['core', `${seconds(graceMs)}; a leave without a reason comes that much later`],
  'occupancy':        ({ presence: { support, watchOnly, occupancy } }) =>
    occupancy === 'native' ? ['backend', 'the count alone']
      : support === 'none' ? ['unsupported', 'no members']
        : ['core', `counts the members that it watches${watchOnly ? '' : ', once entered'}: every change is received`],
  'echo':             ({ echo }) =>
    echo === 'none' ? ['core', 'a local copy at the receipt, outside the order'] : [by(echo), 'own messages come back'],
  'bytes':            ({ binary }) =>
    binary === 'native' ? ['backend', 'as they are']
      : binary === 'emulated' ? ['adapter', 'as base64: a third more'] : ['unsupported', 'JSON only'],
  'payload':          ({ maxPayloadBytes }) => ['payload_too_large', `beyond ${maxPayloadBytes} bytes`],
  'publish rate':     ({ limits }) => rate(limits.publish, 'more waits in the outbox, volatile is dropped'),
  'presence rate':    ({ limits }) => rate(limits.presence, 'more waits, the newest is sent'),
  'attach rate':      ({ limits }) => rate(limits.attach, 'more waits'),
};

const rowsOf = (has: Capabilities, graceMs: number): ExplainedRow[] =>
  Object.entries(features).map(([feature, tell]) => {
    const [whoever, what] = tell(has, graceMs);
    return { feature, by: whoever, what };
  });

/** Explains the backend of a client, or of one of its channels, by all that the service has said so far. */
export function explain(target: Pick<Realtime, 'connection'> | AnyChannel): Explanation {
  // What an app gets are these classes.
  const channel = 'presence' in target ? (target as Attachment) : undefined;
  const { client } = channel ?? ((target as Pick<Realtime, 'connection'>).connection as Connection);
  const { adapter, connection, presenceGraceMs } = client;
  const declared = (channel && adapter.capabilitiesFor?.(channel.spec)) ?? adapter.capabilities;
  const has = channel?.capabilities ?? narrowing(declared)(connection.info?.limits);
  const before = rowsOf(declared, presenceGraceMs);
  const rows = rowsOf(has, presenceGraceMs).map((row, index) => {
    const { by: whoever, what } = before[index] ?? row;
    const isSame = whoever === row.by && what === row.what;
    return isSame ? row : { ...row, declared: `${whoever}: ${what}` };
  });
  return withText({
    adapter: adapter.name,
    connection: connection.state.get(),
    ...(channel && { channel: channel.name, state: channel.state.get() }),
    rows,
  });
}

function withText(told: Omit<Explanation, 'toString'>): Explanation {
  const toString = (): string => {
    const { adapter, connection, channel, state, rows } = told;
    const head = `${adapter}, ${connection}`;
    const cells = rows.map(({ feature, by: whoever, what, declared }) => [
      feature,
      parts.has(whoever) ? whoever : `refused: ${whoever}`,
      declared === undefined ? what : `${what} (declared ${declared})`,
    ]);
    const [first, second] = [0, 1].map((at) => Math.max(...cells.map((row) => row[at]!.length)));
    const lines = cells.map(([feature = '', whoever = '', what]) =>
      [feature.padEnd(first!), whoever.padEnd(second!), what].join('  '),
    );
    return [channel === undefined ? head : `${head}: '${channel}', ${state}`, ...lines].join('\n');
  };
  // Not enumerable: it is no part of the data.
  return Object.defineProperty({ ...told }, 'toString', { value: toString });
}
