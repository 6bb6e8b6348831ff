/**
 * `POST /poll`: an exchange of long polling.
 *
 * @see docs/protocol.md#long-polling · exchange.ts · poll.test.ts
 */
import { Exchange } from './exchange.ts';
import { closingAnswer, framesOf, refusedConnect } from './frame-request.ts';
import { Refusal, type HttpAnswer, type HttpRequest } from './http-request.ts';
import type { HttpParts } from './http-transports.ts';

export async function poll(parts: HttpParts, request: HttpRequest): Promise<HttpAnswer> {
  const waitMs = Math.min(waitOf(request), parts.heartbeatMs);
  const frames = await framesOf(parts, request);
  if (parts.isClosing()) return closingAnswer();
  const exchange = new Exchange(parts.clock, waitMs);
  exchange.inlet = parts.accept(exchange, request);
  request.onceGone(() => exchange.destroy());
  const outcome = await exchange.begin(frames);
  if (outcome !== 'taken') return refusedConnect(outcome.code, exchange.takeHeld());
  return exchange.answer();
}

/** @throws {Refusal} invalid */
function waitOf({ query }: HttpRequest): number {
  const text = query.get('waitMs') ?? '0';
  if (!/^\d{1,9}$/.test(text)) throw new Refusal(400, 'invalid', '"waitMs" is a number of ms');
  return Number(text);
}
