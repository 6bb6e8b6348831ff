/**
 * Clients of ws in both codecs in one channel against the conformance suite.
 *
 * @see tests/support/v1-backend.ts
 */
import { describeInCodec } from './in-codec.ts';

describeInCodec('ws with clients of both codecs', (index) => index % 2 === 1);
