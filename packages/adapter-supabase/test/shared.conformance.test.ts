/** The whole contract with a client of the app's, which signs in and reconnects by itself. @see tests/support/supabase-backend.ts */
import { describeAdapter, type ConformanceClient } from '@anywire/testkit';
import { RealtimeClient } from '@supabase/realtime-js';
import {
  key,
  supabaseHarness,
  tokenOf,
  urlOf,
  useSupabase,
} from '../../../tests/support/supabase-backend.ts';
import { supabase } from '../src/index.ts';

useSupabase();

const plan = { messagesPerSecond: 100 };
const clients: RealtimeClient[] = [];

function adapter(client: ConformanceClient) {
  const mine = new RealtimeClient(`${urlOf(client).replace('http', 'ws')}/realtime/v1`, {
    params: { apikey: key },
    accessToken: () => Promise.resolve(tokenOf('ann', Date.now() + 60_000)),
    ...{ heartbeatIntervalMs: 500, timeout: 800, reconnectAfterMs: () => 30 },
  });
  clients.push(mine);
  return supabase({ client: mine, ...plan });
}

describeAdapter(
  'supabase with a client of the app',
  supabaseHarness({
    adapter,
    capabilities: supabase({ url: 'http://localhost', key, ...plan }).capabilities,
    isPrivate: true,
    leftOut: 46,
    async close() {
      await Promise.all(clients.splice(0).map((client) => client.disconnect()));
    },
  }),
);
