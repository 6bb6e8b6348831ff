/**
 * The life of a server: who is here, whether it takes more, and how it ends.
 *
 * @see drain.ts for how clients are told · health.ts · server.ts
 */
import type { Clock } from './clock.ts';
import type { Connection } from './connection.ts';
import { comeBackMs, pause, tellInSlices, type CloseOptions } from './drain.ts';
import type { Readiness } from './health.ts';
import type { Hub } from './hub.ts';
import { Inlet } from './inlet.ts';
import type { Log } from './log.ts';
import { defaults } from './options.ts';
import type { Roster } from './roster.ts';
import type { ConnectRequest, Transport } from './transport.ts';

/** `draining`: as before, but not ready; `leaving`: clients are told, and none is taken. */
type Stage = 'open' | 'draining' | 'leaving' | 'closed';

export interface LifeParts {
  readonly hub: Hub;
  readonly roster: Roster;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether the engine answers. */
  engineState(): Readiness;
  /** Lets go of what the server was made of, when the last client has gone. */
  release(): Promise<void>;
}

export interface Life {
  readonly stage: Stage;
  /** Takes no new clients. */
  readonly isLeaving: boolean;
  readiness(): Readiness;
  accept(transport: Transport, request: ConnectRequest): Inlet;
  /** The same promise each time. */
  close(how: CloseOptions): Promise<void>;
}

export function createLife({ hub, roster, clock, log, engineState, release }: LifeParts): Life {
  let stage: Stage = 'open';
  let closing: Promise<void> | undefined;
  let onEmpty = (): void => {};
  const isLeaving = (): boolean => stage === 'leaving' || stage === 'closed';

  function onGone(transport: Transport): void {
    roster.delete(transport);
    if (roster.size === 0) onEmpty();
  }

  /** Everybody hears of the end; who does not go in time is cut off. */
  async function empty(how: CloseOptions): Promise<void> {
    const { drainMs, deadlineMs = defaults.closeDeadlineMs } = how;
    const gone = new Promise<void>((resolve) => (onEmpty = resolve));
    if (roster.size > 0) {
      const tell = (connection: Connection): void => sendAway(hub, connection);
      const telling = tellInSlices([...hub.connections], tell, clock, drainMs);
      await Promise.race([telling.told, gone]);
      telling.stop();
    }
    if (roster.size === 0) return;
    const cancel = clock.schedule(() => roster.destroy(), deadlineMs);
    await gone;
    cancel();
  }

  async function close(how: CloseOptions): Promise<void> {
    stage = 'draining';
    log('info', 'draining', { connections: roster.size });
    const { drainDelayMs = 0 } = how;
    if (drainDelayMs > 0) await pause(clock, drainDelayMs);
    stage = 'leaving';
    await empty(how);
    stage = 'closed';
    await release();
    log('info', 'closed');
  }

  return {
    get stage() {
      return stage;
    },
    get isLeaving() {
      return isLeaving();
    },
    readiness: () => (stage === 'open' ? engineState() : 'draining'),
    accept(transport, request) {
      const connection = hub.accept(transport, request);
      const isOver = roster.add(transport, request.remoteAddress) === 'too many';
      const says = 'this address has too many connections';
      // Later: the transport does not know yet whom to tell.
      if (isLeaving()) setImmediate(() => sendAway(hub, connection));
      else if (isOver) setImmediate(() => hub.end(connection, 'overloaded', says));
      return new Inlet(hub, connection, onGone);
    },
    close: (how) => (closing ??= close(how)),
  };
}

function sendAway(hub: Hub, connection: Connection): void {
  hub.end(connection, 'shutdown', 'the server goes away', { retryAfterMs: comeBackMs() });
}
