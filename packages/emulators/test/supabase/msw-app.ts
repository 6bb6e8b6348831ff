/**
 * An app that knows only the vendor's addresses, in a process of its own: what `msw` puts in the place of sockets is never given back.
 * Prints what it saw, as JSON.
 *
 * @see msw.conformance.test.ts
 */
import { createClient, type RealtimeChannel } from '@supabase/supabase-js';
import { setupServer } from 'msw/node';
import { supabaseHandlers } from '../../src/msw/index.ts';

const key = 'sb_publishable_key';
const service = supabaseHandlers({ jwtSecret: 'secret', keys: { [key]: 'anon' } });
setupServer(...service.handlers).listen();

const client = createClient('https://project.supabase.co', key, {
  realtime: { reconnectAfterMs: () => 20 },
});
const next = (channel: RealtimeChannel): Promise<unknown> =>
  new Promise((resolve) => {
    channel.on('broadcast', { event: '*' }, ({ payload }) => resolve(payload));
  });

const channel = client.channel('room', { config: { broadcast: { self: true, ack: true } } });
const statuses: string[] = [];
const heard = next(channel);
let cameBack = (): void => {};
const again = new Promise<void>((resolve) => (cameBack = resolve));
await new Promise<void>((resolve) => {
  channel.subscribe((status) => {
    statuses.push(status);
    if (status !== 'SUBSCRIBED') return;
    if (statuses.length > 1) cameBack();
    resolve();
  });
});
const sent = await channel.send({ type: 'broadcast', event: 'news', payload: { n: 1 } });
const news = await heard;
const posted = await client.channel('room').httpSend('news', { n: 2 });
const dropped = service.drop();
await again;
process.stdout.write(JSON.stringify({ sent, news, posted, dropped, statuses }));
process.exit(0);
