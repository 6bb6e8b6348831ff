/**
 * The sse adapter over an EventSource against the conformance suite.
 *
 * @see tests/support/v1-backend.ts
 */
import { EventSource } from 'eventsource';
import { describeOverHttp, overHttp } from './over-http.ts';

describeOverHttp('sse over an EventSource', overHttp({ transport: 'eventsource', EventSource }));
