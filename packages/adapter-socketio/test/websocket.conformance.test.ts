/** The socketio adapter over WebSockets alone against the conformance suite. */
import { describeOverSocketIo, over } from './over-socket-io.ts';

describeOverSocketIo('socketio over websocket', over({ transports: ['websocket'] }));
