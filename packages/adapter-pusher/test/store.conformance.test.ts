/** Pusher with the app's backend and its store: history, rewind, and repair of what was missed. @see over-backend.ts */
import { describeAdapter } from '@anywire/testkit';
import { backendHarness, memory, useBackend } from './over-backend.ts';

useBackend(() => memory());
describeAdapter('pusher with a store', backendHarness(true, 43));
