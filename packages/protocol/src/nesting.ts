/**
 * How deeply a JSON text is nested, before it is parsed: parsing 5,000 lists inside each other takes 75 times as long as parsing
 * as many characters of text, and a client may send many.
 *
 * @see codec.ts · nesting.test.ts
 */

const [quote, backslash, list, object] = [0x22, 0x5c, 0x5b, 0x7b];
const [listEnd, objectEnd] = [0x5d, 0x7d];

/** Whether lists and objects are nested more than `depth` deep. Of a text that is no JSON it says either. */
export function isNestedDeeper(text: string, depth: number): boolean {
  return opensMore(text, depth) && isDeeperAt(text, depth);
}

/** Most texts have too few brackets, and need not be read to know it. */
function opensMore(text: string, most: number): boolean {
  // Each level takes two characters.
  if (text.length <= 2 * most) return false;
  let count = 0;
  for (const opening of ['{', '['])
    for (let at = text.indexOf(opening); at >= 0; at = text.indexOf(opening, at + 1))
      if (++count > most) return true;
  return false;
}

function isDeeperAt(text: string, depth: number): boolean {
  let level = 0;
  let isInside = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) isInside = !isInside;
    else if (isInside) {
      // What follows ends no string.
      if (code === backslash) at += 1;
    } else if (code === list || code === object) {
      level += 1;
      if (level > depth) return true;
    } else if (code === listEnd || code === objectEnd) {
      level -= 1;
    }
  }
  return false;
}

/** The number of the request that a frame is, wherever it stands. Without parsing it. */
export function requestIn(text: string): number | undefined {
  let level = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === list || code === object) level += 1;
    else if (code === listEnd || code === objectEnd) level -= 1;
    else if (code === quote) {
      const member = level === 1 ? /"r"\s*:\s*(\d{1,15})\s*[,}]/y : undefined;
      if (member) {
        member.lastIndex = at;
        const r = member.exec(text)?.[1];
        if (r !== undefined) return Number(r);
      }
      at = endOfString(text, at);
    }
  }
  return undefined;
}

/** Where the string that begins at `start` ends. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== quote)
    at += text.charCodeAt(at) === backslash ? 2 : 1;
  return at;
}
