/** Filters of database changes: `column=operator.value`, several with a comma between. @see SOURCE.md#supabase-changes */

type Row = Readonly<Record<string, unknown>>;
type Test = (value: unknown, wanted: string) => boolean;

const text = (value: unknown): string =>
  typeof value === 'object' ? JSON.stringify(value) : String(value);

/** Numbers as numbers, all else as texts. */
function compare(value: unknown, wanted: string): number {
  const isNumber = typeof value === 'number' && wanted.trim() !== '' && !Number.isNaN(+wanted);
  const [one, other] = isNumber ? [value, +wanted] : [text(value), wanted];
  return one < other ? -1 : one > other ? 1 : 0;
}

const like = (pattern: string, flags: string): RegExp => {
  const escaped = pattern.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll('%', '.*').replaceAll('_', '.')}$`, `s${flags}`);
};

const known: Readonly<Record<string, Test>> = {
  eq: (value, wanted) => compare(value, wanted) === 0,
  neq: (value, wanted) => compare(value, wanted) !== 0,
  lt: (value, wanted) => compare(value, wanted) < 0,
  lte: (value, wanted) => compare(value, wanted) <= 0,
  gt: (value, wanted) => compare(value, wanted) > 0,
  gte: (value, wanted) => compare(value, wanted) >= 0,
  in: (value, wanted) => listIn(wanted).some((one) => compare(value, one) === 0),
  like: (value, wanted) => like(wanted, '').test(text(value)),
  ilike: (value, wanted) => like(wanted, 'i').test(text(value)),
  match: (value, wanted) => new RegExp(wanted).test(text(value)),
  imatch: (value, wanted) => new RegExp(wanted, 'i').test(text(value)),
  is: (value, wanted) => value === ({ null: null, true: true, false: false } as Row)[wanted],
  isdistinct: (value, wanted) =>
    wanted === 'null' ? value !== null : value === null || compare(value, wanted) !== 0,
};

const listIn = (wanted: string): string[] =>
  wanted
    .replace(/^\(|\)$/g, '')
    .split(',')
    .map((one) => one.trim().replace(/^"|"$/g, ''));

const term = /^([^=]+)=(not\.)?([a-z]+)\.(.*)$/s;

/** What is not known is null, and fits nothing but a question for null. @throws {Error} for a filter that cannot be */
export function fits(filter: string, row: Row): boolean {
  // A comma in brackets stands between values.
  return filter.split(/,(?![^(]*\))/).every((one) => {
    const [, column = '', not, operator = '', wanted = ''] = term.exec(one.trim()) ?? [];
    const test = Object.hasOwn(known, operator) ? known[operator] : undefined;
    if (!test) throw new Error(`Error parsing \`filter\` params: ["${one}"]`);
    const value = row[column] ?? null;
    if (value === null && operator !== 'is' && operator !== 'isdistinct') return false;
    return test(value, wanted) === (not === undefined);
  });
}
