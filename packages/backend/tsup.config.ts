import { library } from '../../tsup.shared.ts';

export default library({
  index: 'src/index.ts',
  ably: 'src/ably/index.ts',
  pusher: 'src/pusher/index.ts',
  node: 'src/node.ts',
  'in-browser': 'src/in-browser.ts',
});
