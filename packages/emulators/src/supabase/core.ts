/**
 * An emulated Supabase Realtime without sockets: whoever has connections and requests hands them in, a server on this machine or what
 * intercepts the addresses of the vendor.
 *
 * @see server.ts · ../../SOURCE.md#supabase
 */
import type { Answer, Request } from '../listen.ts';
import { open, refusal, type Inlet } from './connect.ts';
import type { Pipe } from './connection.ts';
import { createControls, type SupabaseControls } from './controls.ts';
import { answerHttp } from './http.ts';
import type { SupabaseOptions } from './options.ts';
import { createWorld } from './world.ts';

export interface SupabaseCore {
  /** Why a handshake is refused, after a while; undefined: it is not. @param target - The path with its query. */
  refuse(target: string): Promise<Answer | undefined>;
  /** A client whose handshake was not refused. */
  open(pipe: Pipe, target: string): Inlet;
  http(request: Request): Answer;
  readonly controls: SupabaseControls;
  /** Tells every client to come back later. */
  close(): void;
}

export function createSupabaseCore(options: SupabaseOptions): SupabaseCore {
  const world = createWorld(options);
  const controls = createControls(world);
  return {
    async refuse(target) {
      const answer = refusal(world, target);
      if (answer)
        await new Promise<void>((resolve) => {
          world.clock.schedule(resolve, world.times.connectBackoffMs);
        });
      return answer;
    },
    open: (pipe, target) => open(world, pipe, target),
    http: (request) => answerHttp(world, request),
    controls,
    close: () => void controls.drain(1012),
  };
}
