import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { register as globalRegister, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { testServer } from '../test/support/pipes.ts';
import { lagMetric, metrics, prometheusMetrics } from './prometheus.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** The values of a text of Prometheus, by name and labels. */
const valuesOf = (text: string): Map<string, number> =>
  new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const at = line.lastIndexOf(' ');
        return [line.slice(0, at), Number(line.slice(at + 1))];
      }),
  );

describe('prometheusMetrics', () => {
  it('shows what a server with 2 clients has done', async () => {
    const register = new Registry();
    const { connected, server } = testServer({
      limits: { publishRate: 1, publishBurst: 2, outboundBytes: 2_000 },
    });
    const stop = prometheusMetrics(server, { register });
    const [ann, bob] = [await connected('ann'), await connected('bob')];
    for (const client of [ann, bob]) await client.attach('room', { echo: client === bob });
    const id = { i: `${ann.nonce}:7` };
    await ann.publish('room', 1, id);
    await ann.publish('room', 1, id);
    await ann.publish('room', 2);
    await bob.hears(1);
    ann.send('no frame');
    await ann.closed;
    const again = await connected('ann', ann.nonce);
    await again.attach('room', { cursor: 'other:1:' });
    const values = valuesOf(await register.metrics());
    expect(Object.fromEntries([...values].filter(([name]) => !/lag|bytes/.test(name)))).toEqual({
      'anywire_connections{transport="other"}': 2,
      'anywire_connections_opened_total{transport="other"}': 3,
      anywire_channels: 1,
      anywire_attaches_total: 3,
      anywire_detaches_total: 1,
      'anywire_resumes_total{outcome="initial"}': 2,
      'anywire_resumes_total{outcome="kept"}': 0,
      'anywire_resumes_total{outcome="lost"}': 1,
      'anywire_publishes_total{kind="stored"}': 1,
      'anywire_publishes_total{kind="volatile"}': 0,
      'anywire_publishes_total{kind="duplicate"}': 1,
      anywire_deliveries_total: 2,
      'anywire_refusals_total{reason="rate_limited"}': 1,
      'anywire_closes_total{reason="bad_frame"}': 1,
      'anywire_limited_total{limit="publishRate"}': 1,
      anywire_users: 2,
      anywire_addresses: 1,
    });
    expect(values.get('anywire_sent_bytes_total')).toBeGreaterThan(500);
    expect(values.get('anywire_queue_bytes')).toBe(0);
    bob.transport.isStalled = true;
    await server.publish('room', 'e', 'x'.repeat(1_500));
    await new Promise(setImmediate);
    expect(valuesOf(await register.metrics()).get('anywire_queue_bytes')).toBeGreaterThan(1_500);
    await server.publish('room', 'e', 'x'.repeat(1_500));
    await bob.closed;
    const after = valuesOf(await register.metrics());
    expect(after.get('anywire_closes_total{reason="slow_consumer"}')).toBe(1);
    stop();
  });

  it('shows how late the event loop was: 60 ms, once', async () => {
    const register = new Registry();
    const stop = prometheusMetrics(testServer().server, { register });
    const turn = async (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));
    await turn();
    const until = performance.now() + 60;
    while (performance.now() < until);
    await turn();
    const longest = `${lagMetric.name}{quantile="1"}`;
    const late = valuesOf(await register.metrics()).get(longest) ?? 0;
    expect(late).toBeGreaterThan(0.04);
    stop();
  });

  it('can be read over HTTP from the register of prom-client, and leaves nothing behind', async () => {
    const { server } = testServer();
    const stop = prometheusMetrics(server);
    const http = createHttpServer((_, response) => {
      response.setHeader('Content-Type', globalRegister.contentType);
      void globalRegister.metrics().then((text) => response.end(text));
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/metrics`;
    const answer = await fetch(url, { headers: { Connection: 'close' } });
    expect(answer.headers.get('content-type')).toContain('text/plain');
    expect(await answer.text()).toContain('# TYPE anywire_publishes_total counter');
    stop();
    expect(globalRegister.getMetricsAsArray()).toEqual([]);
    await new Promise((resolve) => http.close(resolve));
  });

  it('takes a second server with a register of its own', () => {
    const stops = [1, 2].map(() =>
      prometheusMetrics(testServer().server, { register: new Registry() }),
    );
    for (const stop of stops) stop();
  });
});

describe('the README', () => {
  it('has every metric, and none besides', () => {
    const section = readme.split('\n## Metrics\n')[1]?.split('\n## ')[0] ?? '';
    const rows = [
      ...section.matchAll(/^\| `(anywire_\w+)` \| (\w+) \| (?:`(\w+)`)? *\| (.+) \|$/gm),
    ];
    const expected = [
      ...metrics.map(({ name, type, label, help }) => [name, type, label, help]),
      [lagMetric.name, 'gauge', lagMetric.label, lagMetric.help],
    ];
    expect(rows.map(([, name, type, label, help]) => [name, type, label, help])).toEqual(expected);
  });
});
