import { library } from '../../tsup.shared.ts';

export default library({
  index: 'src/index.ts',
  cli: 'src/cli.ts',
  ably: 'src/ably/index.ts',
  pusher: 'src/pusher/index.ts',
  supabase: 'src/supabase/index.ts',
  msw: 'src/msw/index.ts',
});
