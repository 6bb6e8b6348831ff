/** Why the command does not start, for the person who typed it: what is wrong, and what to write instead. */

/** What was asked for cannot be, or it failed when it was tried. */
export const exitCodes = { usage: 2, failed: 1 } as const;

export class Complaint extends Error {
  readonly kind: keyof typeof exitCodes;
  constructor(kind: keyof typeof exitCodes, message: string) {
    super(message);
    this.kind = kind;
  }
}

export const usage = (message: string): Complaint => new Complaint('usage', message);
