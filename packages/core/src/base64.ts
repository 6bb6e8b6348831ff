/**
 * `@anywire/core/base64`: bytes as text and back, for adapters whose backend carries text alone.
 *
 * What the platform has is used: `Uint8Array.prototype.toBase64` where it is there, else `btoa` and `atob`.
 *
 * @see RFC 4648 section 4 · base64.test.ts
 * @module
 */

/** So many characters fit the arguments of one call on every engine: 1 MiB at once would exhaust the stack. */
const maxArguments = 8_192;

/** `bytes` as padded base64. */
export function toBase64(bytes: Uint8Array): string {
  const { toBase64: native } = bytes as { toBase64?: () => string };
  if (native) return native.call(bytes);
  let binary = '';
  for (let at = 0; at < bytes.length; at += maxArguments)
    binary += String.fromCharCode(...bytes.subarray(at, at + maxArguments));
  return btoa(binary);
}

/** The bytes of a base64 text. @throws {Error} where it is none */
export function fromBase64(text: string): Uint8Array {
  const { fromBase64: native } = Uint8Array as { fromBase64?: (text: string) => Uint8Array };
  if (native) return native.call(Uint8Array, text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
