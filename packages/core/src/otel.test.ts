/** With the real SDKs of OpenTelemetry, in memory. */
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { afterEach, expect, it } from 'vitest';
import { failure, message, testClient } from '../test/client.ts';
import { intercept } from './intercept.ts';
import { openTelemetry } from './otel.ts';

const spans = new InMemorySpanExporter();
const tracing = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);

/** A meter of its own for each test. */
function metering() {
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  return {
    meter: provider.getMeter('test'),
    /** `name{attributes}` -> value. */
    async counts(): Promise<Record<string, unknown>> {
      await provider.forceFlush();
      const [newest] = exporter.getMetrics().slice(-1);
      await provider.shutdown();
      return Object.fromEntries(
        (newest?.scopeMetrics ?? [])
          .flatMap(({ metrics }) => metrics)
          .flatMap(({ descriptor, dataPoints }) =>
            dataPoints.map(({ attributes, value }) => [
              [descriptor.name, ...Object.values(attributes)].join(' '),
              value,
            ]),
          ),
      );
    },
  };
}

afterEach(() => {
  spans.reset();
  exporter.reset();
});

it('makes a span of each publish, with its outcome', async () => {
  const tracer = tracing.getTracer('test');
  const { realtime, fake } = testClient({ interceptors: intercept(openTelemetry({ tracer })) });
  const room = realtime.channel('room');
  const { id } = await room.publish('message', 1);
  fake.handle('publish', (call) => call.reject(failure('forbidden')));
  await room.publish('message', 2).catch(() => {});
  const [good, bad] = spans.getFinishedSpans();
  expect(good).toMatchObject({
    name: 'publish message',
    kind: SpanKind.PRODUCER,
    status: { code: SpanStatusCode.UNSET },
    attributes: {
      'messaging.system': 'anywire',
      'messaging.destination.name': 'room',
      'messaging.message.id': id,
      'anywire.outcome': 'stored',
      'anywire.attempts': 1,
    },
  });
  expect(bad).toMatchObject({
    status: { code: SpanStatusCode.ERROR, message: 'forbidden' },
    attributes: { 'error.type': 'forbidden', 'anywire.outcome': 'forbidden' },
  });
  expect(JSON.stringify([good, bad].map((span) => span?.attributes))).not.toContain('data');
});

it('counts messages out and in, reconnects and gaps', async () => {
  const { meter, counts } = metering();
  const { fake, clock, attached } = testClient({
    interceptors: intercept(openTelemetry({ meter })),
    fake: { capabilities: { history: { support: 'native' }, rewind: 'none' } },
  });
  const room = await attached('room');
  await Promise.all([1, 2, 3].map((n) => room.publish('e', n)));
  await room.publish('', 1).catch(() => {});
  for (const serial of [1, 2]) fake.link.received('room', message(serial));
  fake.handle('history', (call) => call.answer({ items: [message(1)], complete: true }));
  await room.history().next();
  fake.handle('history', (call) => call.reject(failure('forbidden')));
  fake.handle('attach', (call) => call.answer({ continuity: 'lost', cursor: 'c' }));
  fake.drop();
  await clock.advance(2_000);
  fake.link.received('room', message(3, { replayed: true }));
  expect(await counts()).toEqual({
    'anywire.messages.sent stored': 3,
    'anywire.messages.sent invalid': 1,
    'anywire.messages.received live': 2,
    'anywire.messages.received replayed': 1,
    'anywire.messages.received history': 1,
    'anywire.connection.reconnects': 1,
    'anywire.gaps lost': 1,
  });
});

it('does nothing without an SDK, and does not make messages wait', async () => {
  const { fake, attached } = testClient({ interceptors: intercept(openTelemetry()) });
  const room = await attached('room');
  const data: unknown[] = [];
  room.on('e', (value) => data.push(value));
  fake.link.received('room', message(1));
  expect(data).toEqual([1]);
  await room.publish('e', 1);
});
