/** The socketio adapter with the upgrade from polling, its default, against the conformance suite. */
import { describeOverSocketIo, over } from './over-socket-io.ts';

describeOverSocketIo('socketio', over({}), 20);
