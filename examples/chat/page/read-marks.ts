/** How far each conversation was read, in localStorage, so that unread counts survive a reload. */
const storageKey = 'anywire-chat.read';

/** Conversation -> the time of the newest message that was seen, ms since 1970 by the server's clock. */
export interface ReadMarks {
  get(conversation: string): number | undefined;
  set(conversation: string, at: number): void;
}

export function loadReadMarks(): ReadMarks {
  const marks = new Map<string, number>(saved());
  return {
    get: (conversation) => marks.get(conversation),
    set(conversation, at) {
      if (at <= (marks.get(conversation) ?? -1)) return;
      marks.set(conversation, at);
      localStorage.setItem(storageKey, JSON.stringify([...marks]));
    },
  };
}

function saved(): [string, number][] {
  try {
    const entries = JSON.parse(localStorage.getItem(storageKey) ?? '[]') as unknown;
    return Array.isArray(entries) ? (entries as [string, number][]) : [];
  } catch {
    return []; // somebody wrote into it: everything counts as new
  }
}
