import { library } from '../../tsup.shared.ts';

export default library({
  index: 'src/index.ts',
  clock: 'src/clock.ts',
  fake: 'src/fake.ts',
  mutants: 'src/mutants/index.ts',
  proxy: 'src/proxy.ts',
});
