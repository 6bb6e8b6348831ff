import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { testClient } from '../test/client.ts';
import type { Channel } from './api.ts';
import { createMemoryHub, memory } from './memory.ts';
import { createRealtime } from './realtime.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Collects what nobody refers to; a WeakRef that was read keeps its target until the end of the turn. */
async function collectGarbage(): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await setImmediate();
    collect();
  }
}

describe('a channel that the app does not keep', () => {
  it.each<[string, (room: Channel, heard: () => void) => () => void]>([
    ['onError', (room, heard) => room.onError(heard)],
    ['onGap', (room, heard) => room.onGap(heard)],
    ['state.subscribe', (room, heard) => room.state.subscribe(heard)],
  ])('is not collected while %s listens, and is when that has stopped', async (_, listen) => {
    const { realtime } = testClient();
    let object: WeakRef<Channel> | undefined;
    const stop = ((): (() => void) => {
      const room = realtime.channel('room');
      object = new WeakRef(room);
      return listen(room, () => {});
    })();
    await collectGarbage();
    expect(object?.deref()).toBeDefined();
    stop();
    await collectGarbage();
    expect(object?.deref()).toBeUndefined();
  });

  it('repeats no message id when it is made anew', async () => {
    const realtime = createRealtime({ adapter: memory({ hub: createMemoryHub() }) });
    let object: WeakRef<Channel> | undefined;
    const publish = async (): Promise<string> => {
      const room = realtime.channel('room');
      object = new WeakRef(room);
      return (await room.publish('e', 1)).id;
    };
    const first = await publish();
    await collectGarbage();
    expect(object?.deref()).toBeUndefined();
    expect(await publish()).not.toBe(first);
    await realtime.close();
  });
});
