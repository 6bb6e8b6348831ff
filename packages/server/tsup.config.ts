import { library } from '../../tsup.shared.ts';

export default library({
  index: 'src/index.ts',
  messagepack: 'src/messagepack.ts',
  cli: 'src/cli.ts',
  sqlite: 'src/sqlite/index.ts',
  prometheus: 'src/prometheus.ts',
  store: 'src/store.ts',
  kit: 'src/kit.ts',
});
