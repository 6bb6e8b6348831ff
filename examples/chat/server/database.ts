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

/** @param file - @default .cache/chat/chat.db in the repository; `:memory:` forgets everything at the end. */
export function openDatabase(file?: string): Engine {
  try {
    if (!file) mkdirSync(folder, { recursive: true });
    return sqlite({ file: file || `${folder}/chat.db` });
  } catch (error) {
    // What happens to people: the chat runs already, in another window.
    console.error(`${(error as Error).message}; choose another file with CHAT_DATABASE=…`);
    process.exit(1);
  }
}
