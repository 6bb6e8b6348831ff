/**
 * Clients as the servers' own pages have them, on `socket.io-client`, `ws` and `fetch`: what they see is what the server
 * does, with nothing of ours between. Each ends with its test.
 */
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { onTestFinished } from 'vitest';
import WebSocket from 'ws';
import { startServer, type RunningServer, type ServerName, type StartOptions } from '../servers.ts';

/** A server that ends with the test. */
export async function running(name: ServerName, options?: StartOptions): Promise<RunningServer> {
  const server = await startServer(name, options);
  onTestFinished(server.close);
  return server;
}

/** Things that came, in order, and a wait for those to come. */
export interface Inbox<Item> {
  readonly items: readonly Item[];
  /** The first item that fits and was not taken yet. */
  next(fits?: (item: Item) => boolean): Promise<Item>;
}

export interface VendorSocket extends Inbox<readonly [event: string, ...args: unknown[]]> {
  readonly socket: Socket;
  /** The first argument of the next event of this name. */
  heard(event: string): Promise<unknown>;
}

/** A connected Socket.IO client. */
export async function socketIo(
  url: string,
  options: Partial<ManagerOptions & SocketOptions> = {},
): Promise<VendorSocket> {
  const socket = io(url, { forceNew: true, transports: ['websocket'], ...options });
  onTestFinished(() => void socket.disconnect());
  const inbox = createInbox<readonly [event: string, ...args: unknown[]]>();
  socket.onAny((event: string, ...args: unknown[]) => inbox.put([event, ...args]));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return {
    ...inbox,
    socket,
    heard: async (event) => (await inbox.next(([name]) => name === event))[1],
  };
}

export interface VendorWs extends Inbox<unknown> {
  readonly socket: WebSocket;
  send(frame: unknown): void;
}

/** An open WebSocket that speaks JSON; text that is none stays text. */
export async function rawWs(url: string): Promise<VendorWs> {
  const socket = new WebSocket(url);
  onTestFinished(() => void socket.terminate());
  const inbox = createInbox<unknown>();
  socket.on('message', (raw: Buffer) => inbox.put(parsed(raw.toString())));
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return { ...inbox, socket, send: (frame) => void socket.send(JSON.stringify(frame)) };
}

/** The unnamed events of a stream. */
export async function eventStream(url: string): Promise<Inbox<unknown>> {
  const abort = new AbortController();
  onTestFinished(() => void abort.abort());
  const { body } = await fetch(url, { signal: abort.signal });
  const inbox = createInbox<unknown>();
  void (async () => {
    let rest = '';
    for await (const text of body!.pipeThrough(new TextDecoderStream())) {
      const events = (rest + text).split('\n\n');
      rest = events.pop() ?? '';
      for (const event of events)
        if (event.startsWith('data: ')) inbox.put(parsed(event.slice('data: '.length)));
    }
  })().catch(() => {}); // the end of the test, or of the server
  return inbox;
}

/** Sends JSON, and reads the answer as JSON. */
export async function post(url: string, body: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: parsed(await response.text()) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function createInbox<Item>(): Inbox<Item> & { put(item: Item): void } {
  const items: Item[] = [];
  const untaken: Item[] = [];
  const waiting = new Set<() => void>();
  return {
    items,
    put(item) {
      items.push(item);
      untaken.push(item);
      for (const look of waiting) look();
    },
    next: (fits = () => true) =>
      new Promise((resolve) => {
        const look = (): void => {
          const index = untaken.findIndex(fits);
          if (index < 0) return;
          waiting.delete(look);
          resolve(untaken.splice(index, 1)[0]!);
        };
        waiting.add(look);
        look();
      }),
  };
}
