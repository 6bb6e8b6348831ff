/**
 * OpenTelemetry as an interceptor: a span for each publish, and counters for messages, reconnects and gaps. It needs
 * `@opentelemetry/api` alone; without an SDK everything here does nothing.
 *
 * Give it first, so that it counts the app's messages and not their pieces; and one to each client. Channel names are
 * on spans only: as attributes of metrics they would be without bound.
 *
 * @see docs/semantics.md#observing · otel.test.ts
 */
import {
  type Meter,
  metrics,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { RealtimeError } from './errors.ts';
import type { InboundContext, Interceptor } from './interception.ts';

/** Where spans and counts go. */
export interface OpenTelemetryOptions {
  /** @default that of the global provider */
  readonly tracer?: Tracer;
  /** @default that of the global provider */
  readonly meter?: Meter;
}

const scope = '@anywire/core';

/** Spans `publish <event>`, and metrics `anywire.*`. */
export function openTelemetry({
  tracer = trace.getTracer(scope),
  meter = metrics.getMeter(scope),
}: OpenTelemetryOptions = {}): Interceptor {
  const sent = meter.createCounter('anywire.messages.sent', {
    description:
      'Publishes that ended, by outcome: the level that was proven, or the code of the error',
  });
  const received = meter.createCounter('anywire.messages.received', {
    description: 'Messages that came in, by source: live, replayed, history',
  });
  const reconnects = meter.createCounter('anywire.connection.reconnects', {
    description: 'Times the connection was there again',
  });
  const gaps = meter.createCounter('anywire.gaps', {
    description: 'Times messages may have been missed, by continuity: lost, unknown',
  });
  let wasConnected = false;

  return {
    onPublish({ channel, event }, receipt) {
      const span = tracer.startSpan(`publish ${event}`, {
        kind: SpanKind.PRODUCER,
        attributes: {
          'messaging.system': 'anywire',
          'messaging.operation.type': 'send',
          'messaging.destination.name': channel,
        },
      });
      const end = (outcome: string): void => {
        sent.add(1, { outcome });
        span.setAttribute('anywire.outcome', outcome);
        span.end();
      };
      receipt.then(
        ({ id, level, attempts }) => {
          span.setAttributes({ 'messaging.message.id': id, 'anywire.attempts': attempts });
          end(level);
        },
        (error: unknown) => {
          const { code } = RealtimeError.from(error);
          span.setAttribute('error.type', code);
          span.setStatus({ code: SpanStatusCode.ERROR, message: code });
          end(code);
        },
      );
    },
    inbound(message, { isLive }: InboundContext) {
      const live = message.replayed ? 'replayed' : 'live';
      received.add(1, { source: isLive ? live : 'history' });
      return message;
    },
    onState(state) {
      if (state !== 'connected') return;
      if (wasConnected) reconnects.add(1);
      wasConnected = true;
    },
    onGap: ({ continuity }) => gaps.add(1, { continuity }),
  };
}
