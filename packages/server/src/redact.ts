/**
 * Takes secrets out of a text before it is logged. Libraries like to quote what they could not read: the token, a part of it,
 * or what it says when it is decoded.
 *
 * @see gate.ts · redact.test.ts
 */

/** A piece this long, found in a secret, is taken for a part of it; shorter ones are words. */
const least = 6;
/** A message that quotes a whole document is cut off. */
const most = 300;
/** A JWE has five; a token of thousands would be work for whoever sends it to make. */
const mostParts = 5;

/** `text`, with every piece of at least 6 characters that stands in one of `secrets` replaced by an ellipsis. */
export function redact(text: string, secrets: readonly (string | undefined)[]): string {
  const hidden = secrets.flatMap((secret) => (secret ? [secret, ...decoded(secret)] : []));
  const whole = hidden.reduce((rest, secret) => rest.replaceAll(secret, '…'), text);
  const given = whole.slice(0, most);
  let shown = '';
  for (let at = 0; at < given.length;) {
    const length = Math.max(0, ...hidden.map((secret) => quoted(given, at, secret)));
    shown += length > 0 ? '…' : given[at];
    at += Math.max(1, length);
  }
  return shown;
}

/** How much of `secret` stands in `text` from `at` on; 0 where it is too little. */
function quoted(text: string, at: number, secret: string): number {
  if (!secret.includes(text.slice(at, at + least)) || at + least > text.length) return 0;
  let end = at + least;
  while (end < text.length && secret.includes(text.slice(at, end + 1))) end += 1;
  return end - at;
}

/** What the parts of a token say (a JWT has three). */
function decoded(secret: string): string[] {
  return secret
    .split('.', mostParts)
    .filter((part) => part.length >= least)
    .map((part) => Buffer.from(part, 'base64url').toString())
    .filter((part) => part.length >= least);
}
