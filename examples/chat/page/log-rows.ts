/** The rows of a log: lines, the days between them, and which lines belong together. */
import type { Line, MessageLine } from './log.ts';

/** Lines of one sender stand together when they are closer than this. */
const togetherMs = 5 * 60_000;

export interface MessageRow {
  readonly kind: 'message';
  readonly key: number;
  readonly line: MessageLine;
  /** The sender's name stands above already. */
  readonly isContinued: boolean;
}

export type Row =
  | { readonly kind: 'day' | 'note'; readonly key: string; readonly text: string }
  | { readonly kind: 'gap'; readonly key: number; readonly text: string }
  | MessageRow;

const dayFormat = new Intl.DateTimeFormat(undefined, {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
});

export function rowsOf(lines: readonly Line[]): readonly Row[] {
  const rows: Row[] = [];
  let day: string | undefined;
  let before: MessageLine | undefined;
  for (const line of lines) {
    if (line.kind === 'gap') {
      rows.push(line);
      before = undefined;
      continue;
    }
    const date = line.at === undefined ? day : dayFormat.format(line.at);
    if (date !== undefined && date !== day) {
      rows.push({ kind: 'day', key: `day ${date} ${line.key}`, text: date });
      before = undefined;
    }
    day = date;
    const isContinued =
      before !== undefined && isSameSender(before, line) && isSoonAfter(before, line);
    rows.push({ kind: 'message', key: line.key, line, isContinued });
    before = line;
  }
  return rows;
}

/** A backend may call us something else than the page does, until a message has come back. */
function isSameSender(before: MessageLine, line: MessageLine): boolean {
  if (before.isOwn || line.isOwn) return before.isOwn && line.isOwn;
  return before.fromId === line.fromId && before.fromName === line.fromName;
}

/** A line without a time is the newest. */
function isSoonAfter(before: MessageLine, line: MessageLine): boolean {
  return (line.at ?? Date.now()) - (before.at ?? Date.now()) < togetherMs;
}
