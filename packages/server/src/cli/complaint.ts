/** Why the command does not start, for the person who typed it: what is wrong, and what to write instead. */

/** The exit codes of the command: what was asked for cannot be, or it failed when it was tried. */
export const exitCodes = { usage: 2, failed: 1 } as const;

export class Complaint extends Error {
  /** One line each. */
  readonly lines: readonly string[];
  readonly kind: keyof typeof exitCodes;
  constructor(kind: keyof typeof exitCodes, ...lines: string[]) {
    super(lines.join('\n'));
    this.kind = kind;
    this.lines = lines;
  }
}

/** The message of anything thrown, in one line, without the code that a program would look at. */
export function oneLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split('\n', 1)[0] ?? '').replace(/^\[anywire:\w+\] /, '').trim();
}
