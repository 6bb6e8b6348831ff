/** The whole contract with a client of the adapter's own, in private channels. @see tests/support/supabase-backend.ts */
import { describeAdapter, type ConformanceClient } from '@anywire/testkit';
import {
  key,
  supabaseHarness,
  urlOf,
  useSupabase,
} from '../../../tests/support/supabase-backend.ts';
import { supabase } from '../src/index.ts';

useSupabase();

const plan = { messagesPerSecond: 100 };
const options = { heartbeatIntervalMs: 500, timeout: 800 };
const adapter = (client: ConformanceClient) =>
  supabase({ url: urlOf(client), key, ...plan, options });

describeAdapter(
  'supabase',
  supabaseHarness({
    adapter,
    capabilities: supabase({ url: 'http://localhost', key, ...plan }).capabilities,
    isPrivate: true,
    leftOut: 46,
  }),
);
