/** Whether a channel's messages can be seen, for the place where they would be. */
import type { Channel, Store } from '@anywire/core';
import type { Status } from './conversation.ts';
import { value } from './store.ts';
import { reason } from './words.ts';

export function statusOf(channel: Pick<Channel, 'state' | 'error' | 'onError'>): Store<Status> {
  const status = value<Status>({ kind: 'loading' });
  const look = (): void => {
    const state = channel.state.get();
    if (state === 'attached') status.set({ kind: 'ready' });
    if (state === 'attaching' && status.get().kind !== 'ready') status.set({ kind: 'loading' });
    if (state === 'detached') status.set({ kind: 'loading' });
    if (state === 'failed')
      status.set(
        channel.error?.code === 'unsupported'
          ? { kind: 'absent' }
          : { kind: 'refused', why: reason(channel.error) },
      );
  };
  channel.state.subscribe(look);
  channel.onError(look); // the state changes first, its reason may follow
  return status;
}
