/** Pusher with the app's backend, which keeps nothing: what is published is accepted, and what was missed is told. @see over-backend.ts */
import { describeAdapter } from '@anywire/testkit';
import { backendHarness, useBackend } from './over-backend.ts';

useBackend(undefined);
describeAdapter('pusher with a backend', backendHarness(false, 65));
