/** The golden transcripts of the protocol, played to this server. */
import type { ServerFrame } from '@anywire/protocol';
import { messagePack } from '@anywire/protocol/messagepack';
import { asPacked, createMatcher, readTranscript } from '@anywire/protocol/transcripts';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { TestClient } from '../test/support/client.ts';
import { testServer } from '../test/support/pipes.ts';
import { over, streamClient } from '../test/support/streams.ts';

const folder = new URL('../../protocol/fixtures/', import.meta.url);
const transcripts = readdirSync(folder)
  .filter((name) => name.endsWith('.jsonl'))
  .map((name) => [name, readTranscript(readFileSync(new URL(name, folder), 'utf8'))] as const);

const codecs = [
  ['JSON', undefined],
  ['MessagePack', messagePack()],
  ['JSON over an event stream', undefined],
] as const;
const cases = transcripts.flatMap(([name, { lines }]) =>
  codecs.map(([codecName, codec]) => [name, codecName, lines, codec] as const),
);

it.each(cases)('%s in %s', async (_, codecName, lines, codec) => {
  const isStream = codecName.endsWith('stream');
  const carried = <Frame extends object>(frame: Frame): Frame => (codec ? asPacked(frame) : frame);
  let isTakenBack = false;
  const { server, clock, join } = testServer({
    authenticate: ({ token = '' }) =>
      ['token-of-ann', 'token-of-bob'].includes(token)
        ? { clientId: token.replace('token-of-', '') }
        : null,
    authorize: ({ channel }) =>
      !channel.startsWith('secret:') && !isTakenBack && { expiresAt: clock.now() + 10_000 },
  });
  const causes = new Map<string, () => unknown>([
    ['the app takes back its permission', () => ((isTakenBack = true), clock.advance(10_000))],
    ['a moment passes', () => clock.advance(100)],
    ['a heartbeat passes', () => clock.advance(15_000)],
    ['the server is closed', () => server.close()],
  ]);
  const clients = new Map<string, TestClient>();
  const seen = new Map<TestClient, number>();
  const matcher = createMatcher();

  /** The next frame that this client did not compare yet. */
  async function nextOf(client: TestClient): Promise<ServerFrame | undefined> {
    const at = seen.get(client) ?? 0;
    seen.set(client, at + 1);
    await expect.poll(() => client.all.length, { interval: 1 }).toBeGreaterThan(at);
    return client.all[at];
  }

  for (const line of lines) {
    const cause = line.cause === undefined ? undefined : causes.get(line.cause);
    if (line.cause !== undefined && !cause) throw new Error(`unknown cause: ${line.cause}`);
    await cause?.();
    const isConnect = line.dir === '>' && 'frame' in line && line.frame.t === 'connect';
    const make = (): TestClient =>
      isStream ? streamClient(over(server.fetch)) : join(undefined, codec);
    const client = isConnect ? make() : clients.get(line.who);
    if (!client) throw new Error(`${line.who} has not connected`);
    clients.set(line.who, client);
    client.answersPings = false;
    if (line.dir === '>') {
      if ('close' in line) client.cut();
      else client.send(carried(matcher.translate(line.frame)));
    } else if ('close' in line) {
      expect((await client.closed).code).toBe(line.close);
      expect(client.all).toHaveLength(seen.get(client) ?? 0);
    } else {
      const actual = await nextOf(client);
      expect(actual && matcher.difference(carried(line.frame), actual)).toBeUndefined();
    }
  }
  await server.close();
});
