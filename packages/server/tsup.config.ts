import { library } from '../../tsup.shared.ts';

export default library({
  index: 'src/index.ts',
  messagepack: 'src/messagepack.ts',
  prometheus: 'src/prometheus.ts',
});
