/** Which rooms are in the list: a few that everyone has, and those that were opened here. */
import { roomIdOf } from './route.ts';

export const startRoom = 'lobby';
const everyone = [startRoom, 'ideas', 'help'];
const storageKey = 'anywire-chat.rooms';

export function savedRooms(): readonly string[] {
  try {
    const saved = JSON.parse(localStorage.getItem(storageKey) ?? '[]') as unknown;
    const ids = Array.isArray(saved) ? saved.map((id) => roomIdOf(String(id))) : [];
    return [...new Set([...everyone, ...ids.filter((id) => id !== '')])];
  } catch {
    return everyone; // somebody wrote into it
  }
}

export function saveRooms(ids: readonly string[]): void {
  localStorage.setItem(storageKey, JSON.stringify(ids));
}
