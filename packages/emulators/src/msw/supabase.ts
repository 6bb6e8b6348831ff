/** Supabase Realtime in the place of the vendor's hosts. @see ../supabase/core.ts */
import type { SupabaseControls } from '../supabase/controls.ts';
import { createSupabaseCore } from '../supabase/core.ts';
import type { SupabaseOptions } from '../supabase/options.ts';
import { intercept, type Intercepted } from './intercept.ts';

export interface SupabaseHandlers extends SupabaseControls, Intercepted {}

export interface SupabaseHandlerOptions extends SupabaseOptions {
  /** Of the intercepted addresses. @default '*': all projects */
  readonly project?: string;
}

/** Handles `wss://<project>.supabase.co/realtime/v1/…` and the same with `https`. A handshake is refused by closing (1006). */
export function supabaseHandlers({
  project = '*',
  ...options
}: SupabaseHandlerOptions): SupabaseHandlers {
  const core = createSupabaseCore(options);
  const host = `${project}.supabase.co/realtime/v1`;
  const addresses = {
    sockets: [`wss://${host}/websocket`],
    requests: [`https://${host}/api/*`],
  };
  const handlers = intercept(addresses, {
    http: core.http,
    open(pipe, target) {
      // It is open already: nothing comes over it until it is known whether it may be.
      const early: (string | Uint8Array)[] = [];
      let inlet: ReturnType<typeof core.open> | undefined;
      let isClosed = false;
      void core.refuse(target).then((answer) => {
        if (answer) pipe.close(1006);
        else if (!isClosed) {
          inlet = core.open(pipe, target);
          for (const data of early) inlet.receive(data);
        }
      });
      return {
        receive: (data) => (inlet ? inlet.receive(data) : void early.push(data)),
        closed() {
          isClosed = true;
          inlet?.closed();
        },
      };
    },
  });
  return { ...core.controls, handlers, close: () => core.close() };
}
