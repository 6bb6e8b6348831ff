/** The memory engine of a server, and what it can be made to do to those who are attached. */
import { memory, type Engine, type EngineHost } from '@anywire/server';

export interface UnsteadyEngine {
  readonly engine: Engine;
  /** Ends a channel for all who are attached, as after a hole in the delivery. */
  reset(channel: string): void;
  /** Delivers the next message twice. */
  repeat(): void;
}

export function unsteadyEngine(): UnsteadyEngine {
  const inner = memory();
  let host: EngineHost | undefined;
  let copies = 1;
  return {
    engine: {
      ...inner,
      open(given) {
        host = given;
        return inner.open({
          ...given,
          message(channel, entry) {
            for (; copies > 0; copies -= 1) given.message(channel, entry);
            copies = 1;
          },
        });
      },
    },
    reset: (channel) => host?.reset(channel),
    repeat: () => void (copies = 2),
  };
}
