import { library } from '../../tsup.shared.ts';

export default library({
  index: 'src/index.ts',
  'client/index': 'src/client/index.ts',
  messagepack: 'src/messagepack/index.ts',
  transcripts: 'src/transcripts.ts',
});
