/** "Did you mean …?": the known name that a mistyped one is nearest to. */

/** How much of a name may be wrong. */
const tolerance = 0.4;

/** ` did you mean "…"?` with the nearest of `known`, or '' when none is near. */
export function didYouMean(given: string, known: readonly string[]): string {
  let best: string | undefined;
  let least = Math.max(given.length, 3) * tolerance;
  for (const name of known) {
    const edits = distance(given.toLowerCase(), name.toLowerCase());
    if (edits > least) continue;
    if (edits === least && best !== undefined) continue;
    least = edits;
    best = name;
  }
  return best === undefined ? '' : `; did you mean "${best}"?`;
}

/** Letters to insert, delete or replace: Levenshtein's distance, row by row. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
