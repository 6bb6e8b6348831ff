import { library } from '../../tsup.shared.ts';

export default library(
  {
    index: 'src/index.ts',
    errors: 'src/errors.ts',
    memory: 'src/memory.ts',
    explain: 'src/explain.ts',
    fixes: 'src/fixes.ts',
    base64: 'src/base64.ts',
    persist: 'src/persist.ts',
  },
  ['esnext.disposable'],
);
