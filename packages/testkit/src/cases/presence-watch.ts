/** Watching members, and which adapters allow it. */
import type { Capabilities, PresenceAction } from '@anywire/core';
import type { CaseContext, TestClient } from '../case.ts';
import type { Collected } from '../wait.ts';

export const some = ({ presence }: Capabilities): boolean => presence.support !== 'none';
export const watchable = ({ presence }: Capabilities): boolean =>
  presence.support !== 'none' && presence.watchOnly;

/** Notes what a watcher hears, as `enter ann {"n":1}`, and waits until it knows who is there. */
export async function watch(
  { collect, wait }: CaseContext,
  { channel }: TestClient,
): Promise<Collected<string>> {
  const notes = collect<string>('presence events');
  const { presence } = channel();
  const actions: PresenceAction[] = ['enter', 'update', 'leave'];
  for (const action of actions)
    presence.on(action, ({ clientId, data }) =>
      notes.add(`${action} ${clientId} ${JSON.stringify(data)}`),
    );
  const synced = new Promise<void>((resolve) => presence.onSync(resolve));
  await wait(synced, 'the first sync');
  return notes;
}
