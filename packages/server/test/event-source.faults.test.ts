/**
 * Readers that know nothing of us: each is cut again and again while messages are published, comes back by itself with
 * Last-Event-ID, and must have every message of each channel once and in order.
 */
import { startFaultProxy } from '@anywire/testkit/proxy';
import { EventSource as PackageEventSource } from 'eventsource';
import { EventSource as UndiciEventSource } from 'undici';
import { describe, expect, it } from 'vitest';
import { randomFrom } from '../../../tests/seed.ts';
import { scale } from '../../../tests/tier.ts';
import { socketServer } from './support/sockets.ts';

/** What both have of the standard. */
interface Source {
  addEventListener(type: string, fn: (event: { data: string }) => void): void;
  readonly readyState: number;
  close(): void;
}

const readers: [string, (url: string) => Source][] = [
  ['the package eventsource', (url) => new PackageEventSource(url)],
  ['undici', (url) => new UndiciEventSource(url)],
];

describe('reading with Last-Event-ID', () => {
  it.each(readers)('%s loses nothing and repeats nothing', async (name, open) => {
    const random = randomFrom(`event-source ${name}`);
    const { server, port, close } = await socketServer({ history: { size: 10 } });
    const proxy = await startFaultProxy({ target: { port } });
    const heard = new Map<string, number[]>([
      ['a,b', []],
      ['ü', []],
    ]);
    const sent = new Map<string, number>();
    const continuities: string[] = [];
    let tell = (): void => {};

    const query = [...heard.keys()].map((c) => `channel=${encodeURIComponent(c)}`).join('&');
    const source = open(`http://127.0.0.1:${proxy.port}/anywire/sse?${query}`);
    source.addEventListener('message', ({ data }) => {
      const { c, d } = JSON.parse(data) as { c: string; d: number };
      heard.get(c)?.push(d);
      tell();
    });
    source.addEventListener('attached', ({ data }) => {
      continuities.push((JSON.parse(data) as { continuity: string }).continuity);
      tell();
    });
    const until = async (isSo: () => boolean): Promise<void> => {
      while (!isSo()) await new Promise<void>((resolve) => (tell = resolve));
    };
    const publish = async (): Promise<void> => {
      for (const c of heard.keys()) {
        const n = (sent.get(c) ?? 0) + 1;
        sent.set(c, n);
        await server.publish(c, 'e', n);
      }
    };

    await until(() => continuities.length === 2);
    const cuts = scale(3, 10);
    for (let cut = 1; cut <= cuts; cut++) {
      await publish();
      // Somewhere in the next events, also in the middle of one.
      proxy.dropAfter(1 + Math.floor(random() * 400));
      const attached = continuities.length;
      for (let n = 0; n < 3; n++) await publish();
      await until(() => continuities.length >= attached + 2);
    }
    await publish();
    await until(() => [...heard].every(([c, all]) => all.includes(sent.get(c) ?? 0)));
    for (const [c, all] of heard)
      expect(all).toEqual(Array.from({ length: sent.get(c) ?? 0 }, (_, n) => n + 1));
    expect(continuities.slice(2)).not.toContain('lost');
    expect(
      continuities.filter((continuity) => continuity === 'kept').length,
    ).toBeGreaterThanOrEqual(2 * cuts);
    source.close();
    await proxy.close();
    await close();
  });
});
