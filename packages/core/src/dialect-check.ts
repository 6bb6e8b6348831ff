/**
 * Holds a dialect to what can work, when it is defined: each message says what to write.
 *
 * @see dialect-check.test.ts
 */
import type { DialectPresence, DialectSpec, DialectTransport } from './dialect-spec.ts';
import { RealtimeError } from './errors.ts';

type Kind = 'boolean or function' | 'function' | 'string' | 'number' | 'boolean' | 'object';

/** What each member is; or the texts that it can be. */
type Kinds<Spec> = Readonly<Record<keyof Required<Spec>, Kind | readonly string[]>>;

const transports = ['ws', 'sse', 'socketio'] satisfies DialectTransport[];
const ways = ['frame', 'reply'];

// prettier-ignore
const kinds: Kinds<DialectSpec> = {
  name: 'string', on: transports,
  handshake: 'function', connect: 'function', ready: ways, closed: 'function', ping: 'function', heartbeatMs: 'number',
  join: 'function', joined: ways, leave: 'function', defaultChannel: 'string', oneChannel: 'boolean', backlog: 'number',
  publish: 'function', ack: 'object', echo: 'boolean', needsJoin: 'boolean or function', own: 'function',
  receive: 'function', answer: 'function', history: 'function', presence: 'object',
  maxPayloadBytes: 'number', order: ['sender', 'none'], idempotencyWindowMs: 'number', limits: 'object',
  encode: 'function', decode: 'function',
};

// prettier-ignore
const presenceKinds: Kinds<DialectPresence<DialectTransport>> = {
  enter: 'function', update: 'function', leave: 'function', list: 'function',
  perInstance: 'boolean', graceMs: 'number', maxMembers: 'number',
};

const ackKinds: Kinds<NonNullable<DialectSpec['ack']>> = {
  level: ['accepted', 'stored'],
  by: ['reply', 'frame', 'echo'],
  events: 'object',
};

/** What does not go together, and what to write instead. */
const rules: readonly (readonly [wrong: (spec: DialectSpec) => unknown, text: string])[] = [
  [({ name }) => !name, 'has no name: write name, for errors to show'],
  [({ on }) => !on, "does not say what it is spoken on: write on: 'ws', 'sse' or 'socketio'"],
  [
    ({ receive }) => !receive,
    'cannot understand anything: write receive: (frame) => ({ channel, event, data }), or undefined for what is not ours',
  ],
  [
    ({ publish, echo }) => publish && echo === undefined,
    'does not say whether a sender hears itself: write echo: true (io.to(room).emit) or echo: false (socket.to(room).emit)',
  ],
  [
    ({ publish, ack }) => ack && !publish,
    'acknowledges what cannot be sent: write publish, or leave out ack',
  ],
  [
    ({ ack }) => ack && !(ack.by && ack.level),
    "does not say what proves a publish: write ack: { level: 'accepted', by: 'reply' }",
  ],
  [
    ({ ack, echo }) => ack?.by === 'echo' && !echo,
    "takes the echo as the proof, and has none: write echo: true, or ack: { by: 'reply' }",
  ],
  [
    ({ ack, history }) => ack?.level === 'stored' && !history,
    "says 'stored', and nobody can read it: write history, or level: 'accepted'",
  ],
  [
    ({ on, ack, joined, ready }) => on === 'ws' && [ack?.by, joined, ready].includes('reply'),
    "expects a reply, which a WebSocket has not: write 'frame', and let receive answer ready, joined or acked",
  ],
  [
    ({ own, publish }) => own && !publish,
    'knows its own messages again, and sends none: write publish, or leave out own',
  ],
  [
    ({ leave, join }) => leave && !join,
    'leaves what it never joined: write join, or leave out leave',
  ],
  [
    ({ joined, join }) => joined === 'reply' && !join,
    'waits for a reply to no join: write join, or leave out joined',
  ],
  [
    ({ backlog, joined }) => backlog && !joined,
    "has a backlog that comes with nothing: write joined: 'frame', and let receive answer { joined: channel, backlog: […] }",
  ],
  [
    ({ ready, connect }) => ready === 'reply' && !connect,
    "waits for a reply to nothing: write connect, or ready: 'frame'",
  ],
  [
    ({ answer, ack, joined, ready, presence }) =>
      answer && ![ack?.by, joined, ready].includes('reply') && !presence?.list,
    "has an answer that is never asked for: write ack: { level: 'accepted', by: 'reply' }, or joined: 'reply'",
  ],
  [
    ({ oneChannel, defaultChannel }) => oneChannel && defaultChannel !== undefined,
    'has both oneChannel and defaultChannel: leave one of them out',
  ],
  [
    ({ presence }) => presence?.enter && !presence.leave,
    'enters and never leaves: write presence.leave, or leave out presence.enter where joining is entering',
  ],
  [
    ({ presence }) => presence?.update && !presence.enter,
    'updates who never entered: write presence.enter, or leave out presence.update',
  ],
  [
    ({ on, encode, decode }) => on !== 'ws' && (encode ?? decode),
    "encodes what is no WebSocket's: leave out encode and decode",
  ],
];

/** @throws {RealtimeError} `invalid`, with what to write instead */
export function checkDialect<On extends DialectTransport>(spec: DialectSpec<On>): void {
  const given = spec as unknown as DialectSpec;
  const who = `dialect '${String(given?.name ?? '')}'`;
  checkKinds(who, '', given, kinds);
  if (given.presence) checkKinds(who, 'presence.', given.presence, presenceKinds);
  if (given.ack) checkKinds(who, 'ack.', given.ack, ackKinds);
  const broken = rules.find(([wrong]) => wrong(given));
  if (broken) throw new RealtimeError('invalid', `${who} ${broken[1]}`);
}

function checkKinds<Spec extends object>(
  who: string,
  prefix: string,
  spec: Spec,
  all: Kinds<Spec>,
): void {
  if (typeof spec !== 'object' || spec === null)
    throw new RealtimeError('invalid', 'defineDialect takes an object: { name, on, receive, … }');
  const known = new Map<string, Kind | readonly string[]>(Object.entries(all));
  for (const [name, value] of Object.entries(spec)) {
    const kind = known.get(name);
    if (!kind)
      throw new RealtimeError(
        'invalid',
        `${who} has '${prefix}${name}', which is unknown${hint(name, prefix, [...known.keys()])}`,
      );
    if (value === undefined) continue;
    const found = typeof kind === 'string' ? typeof value : (value as string);
    if (!kind.includes(found)) {
      const wanted =
        typeof kind === 'string' ? `a ${kind}` : kind.map((one) => `'${one}'`).join(' or ');
      throw new RealtimeError('invalid', `${who}: ${prefix}${name} is ${wanted}`);
    }
  }
}

/** The name that was meant: the one with the most pairs of letters in common. */
function hint(name: string, prefix: string, known: readonly string[]): string {
  const pairs = (text: string): string[] =>
    [...text.toLowerCase()].slice(1).map((letter, at) => text.toLowerCase()[at] + letter);
  const of = pairs(name);
  const [best = '', score = 0] =
    known
      .map(
        (one) => [one, pairs(one).filter((pair) => of.includes(pair)).length / one.length] as const,
      )
      .sort(([, a], [, b]) => b - a)[0] ?? [];
  return score > 0.3 ? `: did you mean '${prefix}${best}'?` : '';
}
