/**
 * Permissions that the app has taken back: asks again for what is attached, and ends what is refused now.
 *
 * A publish, a page of history and an `enter` are asked for each time; what outlives its answer is an attachment, a member
 * and a watcher of members. A few questions are open at a time, and the loop has its turn between them.
 *
 * @see channels.ts for one attachment · attach.ts for one that is on its way · reauthorize.test.ts
 */
import type { Attachment } from './attachment.ts';
import { Frame } from './frame.ts';
import type { Hub } from './hub.ts';
import { syncText } from '@anywire/protocol';

export interface ReauthorizeOptions {
  /** Only what this user has. @default everybody's */
  readonly clientId?: string;
  /** Only what is in this channel. @default in all */
  readonly channel?: string;
}

/** What came of asking again. */
export interface Reauthorized {
  /** Attachments that were asked for. */
  readonly asked: number;
  /** Those that were refused and have ended. */
  readonly detached: number;
}

/** Questions that are open at a time. */
const openQuestions = 16;
/** Answers in one turn of the loop: a hook that answers at once must not keep everybody else waiting. */
const perTurn = 100;

export async function reauthorize(hub: Hub, options: ReauthorizeOptions): Promise<Reauthorized> {
  // Who is on the way in, with an answer of before, asks again.
  hub.channels.revision += 1;
  const found = matching(hub, options);
  let asked = 0;
  let detached = 0;
  let inTurn = 0;
  let nextTurn: Promise<void> | undefined;
  // One pause for all: each with its own, the others would do its work meanwhile.
  const pause = (): Promise<void> =>
    (nextTurn ??= new Promise((resolve) =>
      setImmediate(() => {
        nextTurn = undefined;
        inTurn = 0;
        resolve();
      }),
    ));
  const work = async (): Promise<void> => {
    for (const attachment of found) {
      while (inTurn >= perTurn) await pause();
      if (attachment.index < 0) continue;
      inTurn += 1;
      asked += 1;
      if (await hub.channels.askAgain(attachment)) await askPresence(hub, attachment);
      else detached += 1;
    }
  };
  await Promise.all(Array.from({ length: openQuestions }, work));
  return { asked, detached };
}

function* matching(
  hub: Hub,
  { clientId, channel }: ReauthorizeOptions,
): Generator<Attachment, void, undefined> {
  const isMeant = (of: string | undefined): boolean => clientId === undefined || of === clientId;
  if (channel !== undefined) {
    for (const attachment of hub.channels.attachmentsOf(channel))
      if (isMeant(attachment.connection.client?.clientId)) yield attachment;
    return;
  }
  for (const connection of [...hub.connections])
    if (isMeant(connection.client?.clientId)) yield* connection.attachments.all();
}

/** A member leaves, a watcher sees nobody any more; the attachment stays. */
export async function askPresence(hub: Hub, attachment: Attachment): Promise<void> {
  const { connection, channel } = attachment;
  if (attachment.hasEntered) {
    if (await mayPresence(hub, attachment, 'enter')) return;
    // It may have left or ended by itself while the app answered.
    if (attachment.hasEntered && attachment.index >= 0) {
      attachment.hasEntered = false;
      hub.channels.leave(connection, channel.name);
    }
  }
  if (!channel.isWatching(attachment) || (await mayPresence(hub, attachment, 'watch'))) return;
  if (!channel.isWatching(attachment)) return;
  channel.unwatch(attachment);
  attachment.heldPresence = undefined;
  const nobody = { c: channel.name, first: true, more: undefined, v: undefined };
  connection.send(new Frame(syncText(nobody, [])));
}

async function mayPresence(
  { parts: { gate } }: Hub,
  { connection: { client }, channel }: Attachment,
  event: 'enter' | 'watch',
): Promise<boolean> {
  if (!client) return false;
  try {
    await gate.authorize({ client, channel: channel.name, action: 'presence', event });
    return true;
  } catch {
    return false;
  }
}
