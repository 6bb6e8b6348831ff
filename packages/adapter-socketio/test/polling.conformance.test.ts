/** The socketio adapter over polling alone against the conformance suite. */
import { describeOverSocketIo, over } from './over-socket-io.ts';

describeOverSocketIo('socketio over polling', over({ transports: ['polling'] }), 20);
