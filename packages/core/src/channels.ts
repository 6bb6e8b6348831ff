/**
 * The one place that says what a channel is: names, events, presence, kind. Client, server and backend
 * share the module that calls `defineChannels`, and every type follows from it.
 *
 * @see channels.test.ts · channels.test-d.ts
 */
import { RealtimeError } from './errors.ts';
import type { Spec, StandardSchema } from './schema.ts';

/** One event: the type of its data as they are published and as listeners get them, or a schema of it. */
export type EventSpec<Input = unknown, Output = Input> = Spec<Input, Output>;

/** Presence data of one member: their type, or a schema of it. */
export type PresenceSpec<Input = unknown, Output = Input> = Spec<Input, Output>;

/** What a channel whose name matches the pattern has. */
export interface ChannelDefinition {
  readonly events: Readonly<Record<string, EventSpec>>;
  readonly presence?: PresenceSpec;
  /** Messages are kept by the backend and can be read again. @default false */
  readonly history?: boolean;
  /** Where the backend tells them apart. @default 'private' */
  readonly kind?: ChannelSpec['kind'];
}

/** Patterns (`'room:{id}'`) and what they mean. */
export type Channels = Readonly<Record<string, ChannelDefinition>>;

/** What is true of one channel: the definition that matched, resolved. */
export interface ChannelSpec {
  readonly name: string;
  readonly kind: 'public' | 'private' | 'encrypted';
  readonly history: boolean;
  readonly presence: boolean;
}

/** A name, resolved. */
export interface ResolvedChannel {
  readonly spec: ChannelSpec;
  readonly definition: ChannelDefinition | undefined;
}

/** An event whose data have the type `Data`, not checked at run time; or whose data a schema checks. */
export function event<Data = unknown>(): EventSpec<Data>;
export function event<Schema extends StandardSchema>(schema: Schema): Schema;
export function event(schema: Spec = {}): Spec {
  return schema;
}

/** Presence data of the type `Data`, not checked at run time; or which a schema checks. */
export const presence: typeof event = event;

/** Declares the channels of an app. Give the result to `createRealtime` and to the server. */
export function defineChannels<const Defined extends Channels>(channels: Defined): Defined {
  return channels;
}

// --- names ---

/**
 * Control characters break line-based transports; lone surrogates cannot be encoded as UTF-8.
 *
 * @see docs/protocol.md#names
 */
// eslint-disable-next-line no-control-regex
const validName = /^[^\u0000-\u001f\u007f\p{Cs}]+$/u;

/**
 * `{id}` stands for one or more characters, everything else for itself. What lies between two placeholders is found once
 * and never looked for again, or a hostile name could keep a server busy for seconds.
 */
function matches(pattern: string, name: string): boolean {
  const [head = '', ...rest] = pattern.split(/\{[^{}]*\}/);
  const tail = rest.pop();
  if (tail === undefined) return name === head;
  // Where the next literal may begin: a placeholder takes at least one character.
  let from = name.startsWith(head) ? head.length + 1 : Infinity;
  for (const literal of rest) {
    const at = name.indexOf(literal, from);
    from = at < from ? Infinity : at + literal.length + 1;
  }
  return name.endsWith(tail) && from + tail.length <= name.length;
}

/** Answers what each name means. Without definitions every valid name is a channel with everything. */
export function channelResolver(channels: Channels | undefined): (name: string) => ResolvedChannel {
  return (name) => {
    if (typeof name !== 'string' || name.length > 255 || !validName.test(name))
      throw new RealtimeError(
        'invalid',
        'a channel name has 1 to 255 characters, no control characters',
      );
    const found = channels && Object.entries(channels).find(([pattern]) => matches(pattern, name));
    if (channels && !found)
      throw new RealtimeError('invalid', `no defined channel matches '${name}'`);
    const definition = found?.[1];
    return {
      definition,
      spec: {
        name,
        kind: definition?.kind ?? 'private',
        history: definition?.history ?? !definition,
        presence: !definition || definition.presence !== undefined,
      },
    };
  };
}

// --- types that follow ---

/** `'room:{id}'` -> `` `room:${string}` ``. */
export type NameOf<Pattern extends string> = Pattern extends `${infer Head}{${string}}${infer Tail}`
  ? `${Head}${string}${NameOf<Tail>}`
  : Pattern;

/** Every name that some pattern allows. */
export type ChannelName<Defined extends Channels> = {
  [Pattern in keyof Defined & string]: NameOf<Pattern>;
}[keyof Defined & string];

/** The definition whose pattern allows `Name`. */
export type DefinitionOf<Defined extends Channels, Name extends string> = {
  [Pattern in keyof Defined & string]: Name extends NameOf<Pattern> ? Defined[Pattern] : never;
}[keyof Defined & string];

type Types = 'input' | 'output';

/** Its data as they are published (`input`), or as they are delivered (`output`). */
type DataOf<Declared, Side extends Types> =
  Declared extends Spec<infer Input, infer Output>
    ? { input: Input; output: Output }[Side]
    : unknown;

/** Event name -> data type: what listeners get, or what is published. */
export type EventsOf<Definition extends ChannelDefinition, Side extends Types = 'output'> = {
  [Name in keyof Definition['events'] & string]: DataOf<Definition['events'][Name], Side>;
};

/** The data of a member. */
export type PresenceOf<
  Definition extends ChannelDefinition,
  Side extends Types = 'output',
> = DataOf<Definition['presence'], Side>;
