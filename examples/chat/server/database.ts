/**
 * Where the chat keeps its messages: in a file, so that they are still there after a restart, and pages that were open
 * miss nothing.
 *
 * @see packages/server/README.md#engines
 */
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Engine } from '@anywire/server';
import { sqlite } from '@anywire/server/sqlite';

/** Ignored by git; to begin anew, delete it. */
const folder = fileURLToPath(new URL('../../../.cache/chat', import.meta.url));

/**
 * @param file - @default .cache/chat/chat.db in the repository; `:memory:` forgets everything at the end.
 * @param suffix - For a second one beside it.
 */
export function openDatabase(file?: string, suffix = ''): Engine {
  try {
    if (!file) mkdirSync(folder, { recursive: true });
    const path = file || `${folder}/chat.db`;
    return sqlite({ file: suffix === '' || path === ':memory:' ? path : `${path}-${suffix}` });
  } catch (error) {
    // What happens to people: the chat runs already, in another window.
    console.error(`${(error as Error).message}; choose another file with CHAT_DATABASE=…`);
    process.exit(1);
  }
}
