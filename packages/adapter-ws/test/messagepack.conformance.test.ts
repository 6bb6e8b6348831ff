/**
 * The ws adapter with MessagePack against the conformance suite.
 *
 * @see tests/support/v1-backend.ts
 */
import { describeInCodec } from './in-codec.ts';

describeInCodec('ws with MessagePack', () => true);
