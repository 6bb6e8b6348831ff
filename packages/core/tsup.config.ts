import { library } from '../../tsup.shared.ts';

export default library(
  {
    index: 'src/index.ts',
    errors: 'src/errors.ts',
    intercept: 'src/intercept.ts',
    encryption: 'src/encryption.ts',
    chunking: 'src/chunking.ts',
    logger: 'src/logger.ts',
    otel: 'src/otel.ts',
    memory: 'src/memory.ts',
    explain: 'src/explain.ts',
    fixes: 'src/fixes.ts',
    base64: 'src/base64.ts',
    persist: 'src/persist.ts',
    dialect: 'src/dialect.ts',
    backend: 'src/backend.ts',
  },
  ['esnext.disposable'],
);
