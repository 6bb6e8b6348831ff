/**
 * The servers by name, and how a test starts one in its own process. They are plain JavaScript, which no type checker
 * reads: they must stay as somebody else would have written them.
 *
 * @see README.md for what each can do · dialects/ for how each is spoken to
 */

/** The file under `servers/`, without its ending. */
export type ServerName =
  | 'tutorial-rooms'
  | 'room-events'
  | 'one-room'
  | 'notifications'
  | 'raw-ws'
  | 'stats-sse'
  | 'api-gateway';

export interface StartOptions {
  /** @default 0: any free one */
  readonly port?: number;
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** `notifications` alone: what signs its tokens. */
  readonly secret?: string;
}

export interface RunningServer {
  /** `http://…` or `ws://…`, without a path. */
  readonly url: string;
  /** Ends every connection. */
  close(): Promise<void>;
}

/** Starts one of the servers in this process. */
export async function startServer(
  name: ServerName,
  options: StartOptions = {},
): Promise<RunningServer> {
  // A name that the compiler does not know keeps it out of plain JavaScript.
  const file = new URL(`./servers/${name}.js`, import.meta.url).href;
  const { start } = (await import(/* @vite-ignore */ file)) as {
    start(options: StartOptions): Promise<RunningServer>;
  };
  return start(options);
}
