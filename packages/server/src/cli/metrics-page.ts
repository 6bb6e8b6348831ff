/**
 * `GET /metrics` on a port of its own: what a server counts is for the operator's network, and not for clients.
 *
 * @see prometheus.ts · README.md#metrics
 */
import { createServer, type Server } from 'node:http';
import type { Registry } from 'prom-client';
import type { prometheusMetrics } from '../prometheus.ts';
import type { AnywireServer } from '../server.ts';
import { Complaint } from './complaint.ts';

/** A page of the metrics of `server`, which listens to nothing yet. @throws {Complaint} failed, without `prom-client` */
export async function metricsPage(server: AnywireServer): Promise<Server> {
  const loaded = await load();
  const register = new loaded.Registry();
  loaded.prometheusMetrics(server, { register });
  return createServer((request, response) => {
    if (request.url?.split('?', 1)[0] !== '/metrics') return void response.writeHead(404).end();
    void register.metrics().then(
      (text) => response.writeHead(200, { 'Content-Type': register.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
}

/** Both here and not above: most who run the command have not installed `prom-client`. */
async function load(): Promise<{
  Registry: typeof Registry;
  prometheusMetrics: typeof prometheusMetrics;
}> {
  try {
    const client = await import('prom-client');
    return { Registry: client.Registry, ...(await import('../prometheus.ts')) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new Complaint('failed', '--metrics-port needs a package; write npm install prom-client');
  }
}
