/**
 * Streaming where it gets through, long polling where something in between holds a stream back: found out at run time.
 *
 * A proxy that buffers shows neither headers nor events, and a server that is dead shows the same. So both are tried then, and
 * the first that says anything is taken; only a poll that was answered is remembered.
 *
 * @see auto-pipe.test.ts
 */
import type { Clock } from '@anywire/core';
import type { Pipe, PipeEvents } from '@anywire/protocol/client';

/** After so long, in ms, a stream is tried again: the proxy may be another one, or mended. */
export const forgetAfterMs = 600_000;

/** What the attempts of one adapter know. */
export interface Memory {
  /** Streams do not get through, until then; ms since 1970. 0: they may. */
  blockedUntil: number;
}

/** @param patienceMs - How long a stream may stay silent before polling is tried beside it. */
export function openAuto(
  { openStream, openPoll }: Record<'openStream' | 'openPoll', (events: PipeEvents) => Pipe>,
  memory: Memory,
  clock: Clock,
  patienceMs: number,
  events: PipeEvents,
): Pipe {
  const pipes = new Map<'stream' | 'poll', Pipe>();
  let chosen: 'stream' | 'poll' | undefined;
  let first = '';
  let cancel = (): void => {};
  const isBlocked = memory.blockedUntil > clock.now();

  const open = (name: 'stream' | 'poll'): void => {
    const choose = (): void => {
      if (chosen) return;
      chosen = name;
      cancel();
      for (const [other, pipe] of pipes) if (other !== name) pipe.close(1000, '');
      if (!isBlocked) memory.blockedUntil = name === 'poll' ? clock.now() + forgetAfterMs : 0;
    };
    const own: PipeEvents = {
      opened() {},
      received(message) {
        choose();
        if (chosen === name) events.received(message);
      },
      alive: () => events.alive(),
      closed(info) {
        pipes.delete(name);
        // One of two that are being tried may fail: the other one is the answer then.
        if (chosen ? chosen !== name : pipes.size > 0) return;
        if (!chosen) memory.blockedUntil = 0; // nobody there, so it may be another network next time
        cancel();
        events.closed(info);
      },
    };
    const pipe = name === 'stream' ? openStream(own) : openPoll(own);
    pipes.set(name, pipe);
    if (first) pipe.send(first);
  };

  open(isBlocked ? 'poll' : 'stream');
  return {
    get native() {
      return pipes.get(chosen ?? 'stream')?.native;
    },
    send(message) {
      if (!first && !isBlocked) cancel = clock.schedule(() => open('poll'), patienceMs);
      first ||= message as string;
      for (const pipe of pipes.values()) pipe.send(message);
    },
    close(code, reason) {
      cancel();
      for (const pipe of [...pipes.values()]) pipe.close(code, reason);
    },
  };
}
