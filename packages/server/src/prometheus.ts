/**
 * `@anywire/server/prometheus`: what a server counts, as metrics of `prom-client`, which the app installs.
 *
 * Labels are words of our own code (codes, reasons, kinds), never a channel or a client: each value of a label is a series of
 * its own, and names from outside would make them without end.
 *
 * @see README.md#metrics, which a test holds to this table · meter.ts
 * @module
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, register as defaultRegister, type Registry } from 'prom-client';
import type { MeterReading } from './meter.ts';

/** One metric. */
export interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  /** The name of its label; then `read` answers a value for each. */
  readonly label?: string;
  /** Its values now, by the label; '' without one. */
  read(meter: MeterReading): Iterable<readonly [label: string, value: number]>;
}

export interface PrometheusOptions {
  /** @default the one that `prom-client` exports */
  readonly register?: Registry;
}

const alone = (value: number): Iterable<readonly [string, number]> => [['', value]];

/** Everything but the lag of the event loop, which is no server's alone. */
// prettier-ignore
export const metrics: readonly Metric[] = [
  { name: 'anywire_connections', type: 'gauge', label: 'transport', help: 'Connections now.', read: (meter) => meter.open },
  { name: 'anywire_connections_opened_total', type: 'counter', label: 'transport', help: 'Connections that came.', read: (meter) => meter.opened },
  { name: 'anywire_channels', type: 'gauge', help: 'Channels with attachments now.', read: (meter) => alone(meter.channels) },
  { name: 'anywire_attaches_total', type: 'counter', help: 'Attachments that began.', read: (meter) => alone(meter.attaches) },
  { name: 'anywire_detaches_total', type: 'counter', help: 'Attachments that ended.', read: (meter) => alone(meter.detaches) },
  { name: 'anywire_resumes_total', type: 'counter', label: 'outcome', help: 'Attaches that were answered, by continuity: initial, kept or lost.', read: (meter) => Object.entries(meter.resumes) },
  { name: 'anywire_publishes_total', type: 'counter', label: 'kind', help: 'Messages taken: stored, volatile, or a duplicate.', read: ({ stored, volatile, duplicates }) => [['stored', stored], ['volatile', volatile], ['duplicate', duplicates]] },
  { name: 'anywire_deliveries_total', type: 'counter', help: 'Messages sent to receivers, live and from a backlog.', read: (meter) => alone(meter.deliveries) },
  { name: 'anywire_sent_bytes_total', type: 'counter', help: 'Bytes of frames sent, as JSON.', read: (meter) => alone(meter.sentBytes) },
  { name: 'anywire_queue_bytes', type: 'gauge', help: 'Bytes that wait for clients now.', read: (meter) => alone(meter.queueBytes) },
  { name: 'anywire_refusals_total', type: 'counter', label: 'reason', help: 'Requests answered with an error, by its code.', read: (meter) => meter.refusals },
  { name: 'anywire_closes_total', type: 'counter', label: 'reason', help: 'Connections that the server ended, by the name of the close code.', read: (meter) => meter.closes },
  { name: 'anywire_limited_total', type: 'counter', label: 'limit', help: 'What was over a rate or a number of connections, by the name of the limit.', read: (meter) => meter.limited },
  { name: 'anywire_users', type: 'gauge', help: 'Client ids that are counted now.', read: (meter) => alone(meter.users) },
  { name: 'anywire_addresses', type: 'gauge', help: 'Addresses that are counted now.', read: (meter) => alone(meter.addresses) },
];

/** The lag of the event loop since it was last read. */
export const lagMetric = {
  name: 'anywire_event_loop_lag_seconds',
  label: 'quantile',
  help: 'How late the event loop was since the last reading: 0.5, 0.99 and 1, the longest.',
} as const;

/** How often the lag is measured, in ms; what is measured is this and the lag. */
const resolutionMs = 10;
const quantiles = [0.5, 0.99, 1];

/**
 * Registers the metrics of a server. Nothing is computed until they are read. The returned function takes them out again.
 *
 * @throws {Error} where the register has metrics of these names: of another server, which needs a register of its own
 */
export function prometheusMetrics(
  server: { meter(): MeterReading },
  { register = defaultRegister }: PrometheusOptions = {},
): () => void {
  const registers = [register];
  const names: string[] = [];
  for (const { name, type, help, label, read } of metrics) {
    const settings = { name, help, registers, labelNames: label === undefined ? [] : [label] };
    const values = (): (readonly [Record<string, string>, number])[] =>
      [...read(server.meter())].map(([of, value]) => [
        label === undefined ? {} : { [label]: of },
        value,
      ]);
    if (type === 'gauge')
      new Gauge({
        ...settings,
        collect() {
          this.reset();
          for (const [labels, value] of values()) this.set(labels, value);
        },
      });
    else
      new Counter({
        ...settings,
        collect() {
          // It is counted elsewhere, and never goes back there.
          this.reset();
          for (const [labels, value] of values()) this.inc(labels, value);
        },
      });
    names.push(name);
  }
  const lag = monitorEventLoopDelay({ resolution: resolutionMs });
  lag.enable();
  const { label } = lagMetric;
  new Gauge({
    ...{ name: lagMetric.name, help: lagMetric.help, registers, labelNames: [label] },
    collect() {
      for (const quantile of quantiles) {
        const measuredNs = quantile === 1 ? lag.max : lag.percentile(quantile * 100);
        const lateMs = lag.count === 0 ? 0 : Math.max(0, measuredNs / 1e6 - resolutionMs);
        this.set({ [label]: String(quantile) }, lateMs / 1_000);
      }
      lag.reset();
    },
  });
  names.push(lagMetric.name);
  return () => {
    lag.disable();
    for (const name of names) register.removeSingleMetric(name);
  };
}
