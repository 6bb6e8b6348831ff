/**
 * What needs a session: waits until there is one, runs, and where the connection or the attachment broke meanwhile runs
 * again on the next one. It ends within `timeoutMs`.
 *
 * @see connection.ts · attachment.ts for when they are ready
 */
import type { Client } from './context.ts';
import type { Session } from './contract.ts';
import { until } from './deadline.ts';
import type { RealtimeError } from './errors.ts';
import type { Store } from './store.ts';

/** What must be there: the connection, or a channel's attachment. */
export interface Target {
  readonly client: Client;
  readonly state: Store<string>;
  readonly error: RealtimeError | undefined;
  readonly life: AbortSignal;
  /** Set when it is there. */
  readonly ready: Session | undefined;
  /** What has to end before. */
  readonly sent?: Promise<void> | undefined;
}

/** @throws {RealtimeError} suspended · closed · why it failed */
export async function whenReady(target: Target, signal: AbortSignal): Promise<Session> {
  const session = await until(target.state, signal, (state) => {
    const error = state === 'failed' ? target.error : target.client.connection.unavailable;
    if (error) throw error;
    return target.ready;
  });
  await target.sent;
  return session;
}

/** @throws {RealtimeError} timeout · aborted · suspended · why it ended · what `run` throws */
export function perform<Value>(
  target: Target,
  what: string,
  signals: readonly (AbortSignal | undefined)[],
  run: (session: Session, signal: AbortSignal) => Promise<Value> | Value,
): Promise<Value> {
  const { connection, within } = target.client;
  connection.ensure();
  return within(what, [connection.life, target.life, ...signals], async (signal) => {
    for (;;) {
      const session = await whenReady(target, signal);
      if (session !== connection.session) continue; // it broke in the same tick
      try {
        return await run(session, signal);
      } catch (error) {
        if (signal.aborted || session === target.ready) throw error;
      }
    }
  });
}
