/** The socketio adapter with the MessagePack parser against the conformance suite. */
import { describeOverSocketIo, over, packed } from './over-socket-io.ts';

describeOverSocketIo(
  'socketio with the MessagePack parser',
  over({ ...packed, transports: ['websocket'] }),
);
