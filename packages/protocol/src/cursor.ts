/**
 * Cursors: `<epoch>:<serial>:<last id>`, the position just after one message of a channel.
 *
 * The last id lets a server notice that its store went back in time: after a fail-over the same epoch and serial
 * may name another message. It is empty at serial 0 and after a message without an id.
 *
 * @see docs/protocol.md#cursors · names.test.ts
 */

/** A cursor, taken apart. */
export interface Position {
  /** Names one life of a channel's store. */
  readonly epoch: string;
  /** The last serial at or before this position; 0 before the first message. */
  readonly serial: number;
  /** The id of the message with that serial, or ''. */
  readonly id: string;
}

const cursor = /^([\w-]{1,64}):(0|[1-9]\d{0,14}):(.{0,128})$/s;

/** The text of a position. */
export function formatCursor({ epoch, serial, id }: Position): string {
  return `${epoch}:${serial}:${id}`;
}

/** The position in `text`, or undefined where that is no cursor of ours. */
export function parseCursor(text: string): Position | undefined {
  const match = cursor.exec(text);
  if (!match) return undefined;
  const [, epoch = '', serial, id = ''] = match;
  return { epoch, serial: Number(serial), id };
}
