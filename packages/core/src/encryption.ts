/**
 * End-to-end encryption as an interceptor: AES-GCM by WebCrypto, with keys that the app gives by their ids. The service
 * sees channel, event, sender, size and time; not the data.
 *
 * A message is bound to its channel, event, id and key, so that nobody can move it. Whoever has the key can write as any
 * sender. Presence data are not encrypted.
 *
 * @see docs/semantics.md#encryption · encryption.test.ts
 */
import type { Clock } from './clock.ts';
import { RealtimeError } from './errors.ts';
import { withoutExtra } from './extras.ts';
import type { Interceptor, MaybePromise } from './interception.ts';
import { isBytes } from './payload.ts';

/** Keys, and what to do without one. */
export interface EncryptionOptions {
  /** The AES-GCM key with this id. Nothing: there is none, and it is asked for again after 10 s at the earliest. */
  readonly keys: (keyId: string, channel: string) => MaybePromise<CryptoKey | undefined>;
  /**
   * What to encrypt with; asked at each publish, so that keys can change while old ones still read. Nothing: this channel is
   * not encrypted. Change keys before 2 ** 32 messages, the bound of random IVs.
   */
  readonly keyId: string | ((channel: string) => MaybePromise<string | undefined>);
  /** Delivers messages that are not encrypted, too: while an app moves to encryption. @default false */
  readonly allowPlain?: boolean;
  /** @default the platform's, which browsers have in secure contexts only */
  readonly crypto?: Pick<Crypto, 'subtle' | 'getRandomValues'>;
}

/** Of AES-GCM, as NIST SP 800-38D recommends. */
const ivBytes = 12;
/** The first byte of what is encrypted. */
const kinds = { json: 0, bytes: 1 } as const;
/** Keys that are kept, so that a hostile service cannot fill the memory with ids. */
const maxKeys = 256;
const askAgainMs = 10_000;

const encoder = new TextEncoder();

/**
 * Encrypts what is published, and decrypts what comes. What cannot be decrypted is reported and not delivered.
 *
 * @throws {RealtimeError} unsupported where there is no WebCrypto
 */
export function encryption({
  keys,
  keyId,
  allowPlain = false,
  crypto = globalThis.crypto,
}: EncryptionOptions): Interceptor {
  const subtle = (crypto as Partial<Crypto> | undefined)?.subtle;
  if (!subtle) throw new RealtimeError('unsupported', 'WebCrypto needs a secure context');
  const find = cached(keys);
  const current = async (channel: string): Promise<string | undefined> =>
    typeof keyId === 'string' ? keyId : keyId(channel);

  return {
    async outbound(message, { channel, clock }) {
      const id = await current(channel);
      if (id === undefined) return message;
      const key = (await find(id, channel, clock)) ?? (await keys(id, channel));
      if (!key) throw new RealtimeError('invalid', `\`keys\` has no key '${id}' for '${channel}'`);
      const iv = crypto.getRandomValues(new Uint8Array(ivBytes));
      const additionalData = boundTo(channel, message.event, message.id, id);
      const algorithm = { name: 'AES-GCM', iv, additionalData };
      const sealed = await subtle.encrypt(algorithm, key, toPlain(message.data));
      const data = joined(iv, new Uint8Array(sealed));
      return { ...message, data, extras: { ...message.extras, encrypted: id } };
    },

    async inbound(message, { channel, clock }) {
      const { data, event, extras } = message;
      const id = extras?.['encrypted'];
      if (id === undefined && (allowPlain || (await current(channel)) === undefined))
        return message;
      const what = `'${event}' ${message.id ?? ''} in '${channel}'`;
      if (typeof id !== 'string' || !isBytes(data)) throw refused(`${what} is not encrypted`);
      const key = await find(id, channel, clock);
      if (!key) throw refused(`no key '${id}' for ${what}`);
      const iv = data.slice(0, ivBytes);
      const additionalData = boundTo(channel, event, message.id, id);
      const algorithm = { name: 'AES-GCM', iv, additionalData };
      const plain = await subtle
        .decrypt(algorithm, key, data.slice(ivBytes))
        .catch((cause: unknown) => {
          throw refused(`${what} was changed, moved, or encrypted with another key`, cause);
        });
      return { ...withoutExtra(message, 'encrypted'), data: fromPlain(new Uint8Array(plain)) };
    },
  };
}

const refused = (text: string, cause?: unknown): RealtimeError =>
  new RealtimeError('decryption_failed', text, { cause });

/** What is authenticated beside the data. */
const boundTo = (...parts: readonly unknown[]): Uint8Array<ArrayBuffer> =>
  encoder.encode(JSON.stringify(['anywire.e2e.1', ...parts]));

function joined(...[first, second]: [Uint8Array, Uint8Array]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

function toPlain(data: unknown): Uint8Array<ArrayBuffer> {
  return isBytes(data)
    ? joined(Uint8Array.of(kinds.bytes), data)
    : joined(Uint8Array.of(kinds.json), encoder.encode(JSON.stringify(data)));
}

function fromPlain(plain: Uint8Array): unknown {
  const content = plain.slice(1);
  return plain[0] === kinds.bytes ? content : JSON.parse(new TextDecoder().decode(content));
}

/** Asks once for each key; what is not found is asked for again later, so that a flood of messages is no flood of questions. */
function cached(
  keys: EncryptionOptions['keys'],
): (keyId: string, channel: string, clock: Clock) => Promise<CryptoKey | undefined> {
  const known = new Map<string, { key: Promise<CryptoKey | undefined>; until: number }>();
  return (keyId, channel, clock) => {
    const name = JSON.stringify([keyId, channel]);
    let found = known.get(name);
    if (!found || found.until <= clock.now()) {
      const asked = { key: (async () => keys(keyId, channel))(), until: Infinity };
      const notFound = (): void => void (asked.until = clock.now() + askAgainMs);
      asked.key.then((key) => key ?? notFound(), notFound);
      known.delete(name);
      known.set(name, (found = asked));
      const [oldest] = known.keys();
      if (known.size > maxKeys) known.delete(oldest as string);
    }
    return found.key;
  };
}
