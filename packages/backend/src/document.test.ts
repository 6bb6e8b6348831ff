import { readFileSync } from 'node:fs';
import { memory } from '@anywire/server/store';
import { describe, expect, it } from 'vitest';
import { scripted } from '../test/scripted.ts';
import { ably } from './ably/ably.ts';
import {
  authMembers,
  channelParameters,
  historyParameters,
  messageMembers,
  positionMembers,
  presenceMembers,
  publishMembers,
} from './bodies.ts';
import { defaults } from './options.ts';
import { pusher } from './pusher/pusher.ts';
import { createRoutes } from './routes.ts';

const text = readFileSync(new URL('../../../docs/backend.md', import.meta.url), 'utf8');
const sections = new Map(
  text.split(/^## /m).map((section) => {
    const end = section.indexOf('\n');
    return [section.slice(0, end).replaceAll('`', ''), section.slice(end)] as const;
  }),
);

/** Rows of the table whose first column has this head: name, type, whether it must be there. */
function rows(section: string, head: string): readonly string[] {
  const table = sections.get(section)?.split(`| ${head} |`)[1]?.split('\n\n')[0] ?? '';
  return [...table.matchAll(/^\| `(\w+)` \| (\w+) \| (must)?/gm)].map(
    ([, name, type, must]) => `${name} ${type}${must ? ' must' : ''}`,
  );
}

describe('docs/backend.md', () => {
  it('has a section for each of the 11 routes that there are, and for no other', () => {
    const providers = [
      pusher({ appId: '1', key: 'key', secret: 'secret', cluster: 'eu' }),
      ably({ key: 'app.key:secret' }),
    ];
    const all = providers.flatMap((provider) => createRoutes({ provider } as never));
    const named = all.flatMap(({ path, methods }) =>
      Object.keys(methods).map(
        (method) => `${method} ${path.source.replace(/^\^\\\/|\\(?=\/)|\$$/g, '')}`,
      ),
    );
    const routes = [...new Set(named)];
    expect(routes).toHaveLength(11);
    const told = [...sections.keys()].filter((name) => /^[A-Z]{3,} /.test(name));
    expect(told.sort()).toEqual(routes.sort());
  });

  it.each([
    ['POST auth', 'member', authMembers],
    ['POST publish', 'member', publishMembers],
    ['POST publish', 'message', messageMembers],
    ['POST positions', 'member', positionMembers],
    ['POST presence', 'member', presenceMembers],
  ])('names the members of %s (%s)', (section, head, members) => {
    const taken = [...members].map(([name, { type, must }]) => `${name} ${type}${must ? ' must' : ''}`);
    expect(rows(section, head)).toEqual(taken);
  }); // prettier-ignore

  it.each([
    ['GET history', historyParameters],
    ['GET presence', channelParameters],
  ])('names the parameters of %s', (section, parameters) => {
    const told = rows(section, 'parameter').map((row) => row.replace(' must', ''));
    expect(told).toEqual([...parameters].map(([name, type]) => `${name} ${type}`));
  });

  it('tells the bounds and times that are in the code', () => {
    const {
      tokenChannels,
      batch,
      idempotencyWindowMs,
      rememberedIds,
      pendingMessages,
      presenceUpdates,
    } = defaults;
    const { retryMinMs, retryMaxMs, closeMs } = defaults;
    const count = (number: number): string => number.toLocaleString('en');
    for (const told of [
      `1 to ${batch}`,
      `up to ${tokenChannels} names`,
      `the ids of ${idempotencyWindowMs / 1_000} s, up to ${count(rememberedIds)}`,
      `${count(pendingMessages)} stored messages wait`,
      `the ${count(presenceUpdates)} members`,
      `after ${retryMinMs / 2} to ${retryMinMs} ms`,
      `at most every ${retryMaxMs / 1_000} s`,
      `for ${closeMs / 1_000} s`,
    ])
      expect(text.replaceAll('\n', ' ')).toContain(told);
  });

  it('has 10 examples or more, each of which a backend answers so, one after the other', async () => {
    const channels = { unkept: {}, 'room:{n}': { history: true, presence: {} } };
    const { backend } = scripted({ store: memory(), channels });
    const examples = [...text.matchAll(/```http\n([\s\S]*?)```/g)].map(([, example = '']) => example);
    expect(examples.length).toBeGreaterThanOrEqual(10);
    for (const example of examples) {
      const [asked = '', status, answer = ''] = example.split(/^(\d{3})\n/m);
      const [head = '', body] = asked.trim().split('\n\n');
      const [line = '', ...fields] = head.split('\n');
      const [method = '', path = ''] = line.split(' ');
      const headers = new Headers(fields.map((field) => field.split(': ') as [string, string]));
      if (body) headers.set('content-type', 'application/json');
      const request = { method, headers, ...(body && { body }) };
      const response = await backend.fetch(new Request(`http://app.test/realtime/${path}`, request));
      expect([line, response.status]).toEqual([line, Number(status)]);
      const given = await response.text();
      const any = (_: string, value: unknown): unknown => (value === '…' ? expect.anything() : value);
      if (answer.trim() === '') expect(given).toBe('');
      else expect(JSON.parse(given)).toEqual(JSON.parse(answer, any));
    }
    await backend.close();
  }); // prettier-ignore
});
