/**
 * What a channel name means: the server's reading of the module that calls `defineChannels`.
 *
 * Structural, so that the same module serves client and server; `history` may also say how much is kept.
 *
 * @see packages/core/src/channels.ts, whose patterns these are · channel-rules.test.ts
 */
import { RealtimeError } from '@anywire/core/errors';
import { isChannelName, maxChannelLength } from '@anywire/protocol';
import type { Retention } from './engine.ts';
import { defaults } from './options.ts';

/** One definition, as far as the server needs it. */
export interface ChannelDefinition {
  /** Kept and readable; an object says how much. @default false */
  readonly history?: boolean | Partial<Retention>;
  /** Present: the channel has members. */
  readonly presence?: object;
  /** Where a service tells them apart; this server does not. @default 'private' */
  readonly kind?: ChannelKind;
}

/** Who may read a channel of a managed service, and whether the service can. */
export type ChannelKind = 'public' | 'private' | 'encrypted';

/** Patterns (`'room:{id}'`) and what they mean. */
export type ChannelDefinitions = Readonly<Record<string, ChannelDefinition>>;

/** What is true of one channel. */
export interface ChannelRules {
  readonly history: boolean;
  readonly presence: boolean;
  readonly retention: Retention;
  readonly kind: ChannelKind;
}

/**
 * Answers what each name means.
 *
 * @throws {RealtimeError} invalid, for a name that no definition allows
 */
export function channelRules(
  definitions: ChannelDefinitions | undefined,
  history: Partial<Retention> = {},
): (name: string) => ChannelRules {
  const everything = rulesOf({ history: true, presence: {} }, history);
  const patterns =
    definitions &&
    Object.entries(definitions).map(
      ([pattern, definition]) => [matcher(pattern), rulesOf(definition, history)] as const,
    );
  return (name) => {
    if (!isChannelName(name)) {
      const says = `a channel name has 1 to ${maxChannelLength} characters, none of them a control character`;
      throw new RealtimeError('invalid', says);
    }
    if (!patterns) return everything;
    const found = patterns.find(([matches]) => matches(name));
    if (!found) throw new RealtimeError('invalid', 'no defined channel has this name');
    return found[1];
  };
}

function rulesOf(
  { history = false, presence, kind = 'private' }: ChannelDefinition,
  common: Partial<Retention>,
): ChannelRules {
  const own = typeof history === 'object' ? history : {};
  const retention = history ? { ...defaults.history, ...common, ...own } : defaults.resume;
  if (!(Number.isInteger(retention.size) && retention.size >= 1 && retention.ttlMs > 0))
    throw new RealtimeError('invalid', 'history keeps 1 message or more, for longer than 0 ms');
  return { history: history !== false, presence: presence !== undefined, retention, kind };
}

/**
 * `{id}` stands for one or more characters, everything else for itself.
 *
 * By hand: an expression with several `.+` tries every way to share a name among them, and a client chooses the name. What is
 * found first is as good as what is found later, so a name is gone through once.
 */
function matcher(pattern: string): (name: string) => boolean {
  const [first = '', ...others] = pattern.split(/\{[^{}]*\}/);
  const last = others.pop();
  if (last === undefined) return (name) => name === first;
  return (name) => {
    if (!name.startsWith(first)) return false;
    let at = afterOne(name, first.length);
    for (const literal of others) {
      const found = name.indexOf(literal, at);
      if (found < 0) return false;
      at = afterOne(name, found + literal.length);
    }
    return name.endsWith(last) && name.length - last.length >= at;
  };
}

/** The end of the character at `at`; beyond the end of the name where there is none. */
function afterOne(name: string, at: number): number {
  return at + ((name.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
}
