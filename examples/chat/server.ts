/**
 * The chat's server: the page, `POST /token`, `/healthz`, and Anywire under /anywire.
 *
 *     node --conditions=@anywire/source examples/chat/server.ts
 *
 * PORT (8787; 0: any free one), CHAT_BACKENDS (see server/config.ts, for Pusher server/managed.ts, for Ably server/ably-token.ts, for Supabase server/supabase-token.ts), CHAT_DATABASE (see server/database.ts) and CHAT_SECRET (random: tokens of an earlier
 * run are refused) come from the environment. It stops once, at the first of SIGINT, SIGTERM, or the end of the parent
 * process.
 */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toNodeListener } from '@anywire/backend/node';
import { createServer, type Hooks } from '@anywire/server';
import { Server as SocketServer } from 'socket.io';
import { channels } from './channels.ts';
import { ablyTokenPath, openAblyToken } from './server/ably-token.ts';
import { originsOf, readConfig } from './server/config.ts';
import { openDatabase } from './server/database.ts';
import { openManaged } from './server/managed.ts';
import { createPage } from './server/page.ts';
import { authorize, checkMessage } from './server/rules.ts';
import { openSupabaseToken, supabaseTokenPath } from './server/supabase-token.ts';
import { answerToken } from './server/token-route.ts';
import { createTokens } from './server/tokens.ts';

/** Whoever has not said goodbye by then is cut off. */
const stopWithinMs = 1_500;

const port = Number(process.env['PORT'] ?? 8787);
const tokens = createTokens(process.env['CHAT_SECRET']);

const authenticate: NonNullable<Hooks['authenticate']> = async ({ token = '' }) => {
  const { id, name, expiresAt } = await tokens.verify(token);
  return { clientId: id, expiresAt, claims: { name } };
};

const realtime = createServer({
  engine: openDatabase(process.env['CHAT_DATABASE']),
  channels,
  presenceGraceMs: 3_000,
  authenticate,
  authorize,
  onPublish: checkMessage,
});

const config = orExit(() => readConfig(process.env['CHAT_BACKENDS']));
const managed = orExit(() =>
  openManaged(config, process.env, authenticate, () =>
    openDatabase(process.env['CHAT_DATABASE'], 'managed'),
  ),
);
const answerManaged = managed && toNodeListener(managed);
const answerAbly = orExit(() => openAblyToken(config, process.env, tokens));
const answerSupabase = orExit(() => openSupabaseToken(config, process.env, tokens));
const page = createPage(config, originsOf(config));
const http = createHttpServer((request, response) => {
  const [path = '/'] = (request.url ?? '/').split('?');
  if (path === '/healthz') response.end('ok\n');
  else if (path === '/token') void answerToken(tokens, request, response);
  else if (answerAbly && path === ablyTokenPath) void answerAbly(request, response);
  else if (answerSupabase && path === supabaseTokenPath) void answerSupabase(request, response);
  else if (answerManaged) answerManaged(request, response, () => page(request, response));
  else page(request, response);
});
realtime.attach(http); // takes what is under /anywire
const io = new SocketServer(http, { serveClient: false });
realtime.attachSocketIO(io); // takes what is under /socket.io

http.once('error', (error: NodeJS.ErrnoException) => {
  const isTaken = error.code === 'EADDRINUSE';
  console.error(isTaken ? `Port ${port} is taken; choose another one with PORT=…` : error.message);
  process.exit(1);
});
http.listen(port, () => {
  const { port: actual } = http.address() as AddressInfo;
  console.log(`Anywire chat: http://localhost:${actual}`);
});

function orExit<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}

// --- the end ---

let isStopping = false;
// A terminal's Ctrl-C may arrive twice, from the terminal and from npm: the second one must not cut the first short.
for (const reason of ['SIGINT', 'SIGTERM', 'disconnect']) process.on(reason, () => void stop());

async function stop(): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  setTimeout(() => process.exit(0), stopWithinMs);
  http.close(() => process.exit(0));
  await Promise.all([realtime.close({ deadlineMs: stopWithinMs / 2 }), managed?.close()]);
  http.closeAllConnections();
}
