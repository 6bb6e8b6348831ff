/**
 * The sse adapter against the conformance suite.
 *
 * @see tests/support/v1-backend.ts
 */
import { describeOverHttp, overHttp } from './over-http.ts';

describeOverHttp('sse', overHttp());
