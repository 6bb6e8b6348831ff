import { describe, expect, it } from 'vitest';
import { socketServer } from '../test/support/sockets.ts';
import { memory } from './memory.ts';

interface Health {
  status: number;
  body: unknown;
}

async function ask(port: number, path: string, init?: RequestInit): Promise<Health> {
  const response = await fetch(`http://127.0.0.1:${port}/anywire${path}`, init);
  return { status: response.status, body: await response.json() };
}

const ok: Health = { status: 200, body: { status: 'ok' } };

describe('health', () => {
  it('is 200 at both paths while the server serves, without a key, and never stored', async () => {
    const { port, close } = await socketServer({ serverKey: 'k' });
    expect(await ask(port, '/healthz')).toEqual(ok);
    expect(await ask(port, '/readyz?from=lb')).toEqual(ok);
    const head = await fetch(`http://127.0.0.1:${port}/anywire/readyz`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect(head.headers.get('cache-control')).toBe('no-store');
    await close();
  });

  it('is asked by GET: a POST gets 405', async () => {
    const { port, close } = await socketServer();
    const response = await fetch(`http://127.0.0.1:${port}/anywire/healthz`, { method: 'POST' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect(await response.json()).toMatchObject({ error: { code: 'invalid' } });
    await close();
  });

  it('is 503 "starting" at /readyz until the engine has opened', async () => {
    let open = (): void => {};
    const engine = { ...memory(), open: () => new Promise<void>((done) => (open = done)) };
    const { port, server, close } = await socketServer({ engine });
    expect(await ask(port, '/healthz')).toEqual(ok);
    expect(await ask(port, '/readyz')).toEqual({ status: 503, body: { status: 'starting' } });
    open();
    await server.ready();
    expect(await ask(port, '/readyz')).toEqual(ok);
    await close();
  });

  it('is 503 "failing" at /readyz after an engine that could not answer', async () => {
    const engine = memory();
    let isBroken = true;
    const append: typeof engine.append = (...args) => {
      if (isBroken) throw new Error('the disk is full');
      return engine.append(...args);
    };
    const { port, server, close } = await socketServer({ engine: { ...engine, append } });
    await expect(server.publish('room', 'e', 1)).rejects.toThrow();
    expect(await ask(port, '/readyz')).toEqual({ status: 503, body: { status: 'failing' } });
    expect(await ask(port, '/healthz')).toEqual(ok);
    isBroken = false;
    await server.publish('room', 'e', 1);
    expect(await ask(port, '/readyz')).toEqual(ok);
    await close();
  });

  it('is 503 "draining" at /readyz before clients are told and until all are gone', async () => {
    const { port, server, http, connected, join } = await socketServer();
    const ann = await connected('ann');
    const closed = server.close({ drainDelayMs: 200, drainMs: 0 });
    expect(await ask(port, '/readyz')).toEqual({ status: 503, body: { status: 'draining' } });
    expect(await ask(port, '/healthz')).toEqual(ok);
    // A load balancer that has not looked yet still sends clients, and they are served.
    const bob = await connected('bob');
    await bob.publish('room', 1);
    await server.publish('room', 'e', 1);
    expect(await ann.next('bye')).toMatchObject({ code: 4000 });
    await expect(join()).rejects.toThrow(/503|ECONN/u);
    await closed;
    await new Promise((resolve) => http.close(resolve));
  });
});
