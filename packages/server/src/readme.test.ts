import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { socketServer } from '../test/support/sockets.ts';
import { apiRoutes } from './http-api.ts';
import { defaultLimits, defaults } from './options.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** The second cell of the row that begins with this option, in the table under a heading. */
function cell(option: string, heading = '## Options'): string | undefined {
  const section = readme.slice(readme.indexOf(`\n${heading}\n`));
  return new RegExp(`^\\| \`${option}\` \\| ([^|]*) \\|`, 'm').exec(section)?.[1];
}
const asNumber = (text = ''): number => Number(text.replaceAll(',', ''));

describe('the README', () => {
  it.each(Object.entries(defaultLimits))('says that %s is %i', (limit, value) => {
    expect(asNumber(cell(limit, '### Limits'))).toBe(value);
  });

  it.each(['heartbeatMs', 'presenceGraceMs', 'hookTimeoutMs'] as const)(
    'says what %s is',
    (option) => {
      expect(asNumber(cell(option))).toBe(defaults[option]);
    },
  );

  it('says how much history is kept', () => {
    const { size, ttlMs } = defaults.history;
    const underscored = (value: number): string => value.toLocaleString('en').replaceAll(',', '_');
    expect(cell('history')).toBe(
      `\`{ size: ${underscored(size)}, ttlMs: ${underscored(ttlMs)} }\``,
    );
  });
});

describe('the HTTP API of the README', () => {
  const section = readme.slice(readme.indexOf('\n## HTTP API\n'), readme.indexOf('\n## Engines\n'));
  const snippets = [...section.matchAll(/^```sh\n(.*?)^```/gms)].map(([, code = '']) => code);

  it('answers its 5 requests as it says, times and cursors apart', async () => {
    const it0 = await socketServer({ serverKey: 'the-key' });
    const anyTime = (json: string): unknown =>
      JSON.parse(
        json.replace(/"timestamp":\d+/g, '"timestamp":0').replace(/"next":"[\w-]+:/, '"next":":'),
      );
    for (const snippet of snippets) {
      const url = /https:\/\/example\.com([^\s"]*)/.exec(snippet)?.[1] ?? '';
      const headers = [...snippet.matchAll(/-H ["']([\w-]+): ([^"']+)["']/g)].map(
        ([, name = '', value = '']) =>
          [name, value.replace('$SERVER_KEY', 'the-key')] as [string, string],
      );
      const body = /-d '(.*)'$/m.exec(snippet)?.[1];
      const [, status, answer = ''] = /^# (\d+) (.*)$/m.exec(snippet) ?? [];
      const response = await fetch(`http://127.0.0.1:${it0.port}${url}`, {
        headers,
        ...(body !== undefined && { method: 'POST', body }),
      });
      expect(response.status).toBe(Number(status));
      expect(anyTime(await response.text())).toEqual(anyTime(answer));
    }
    expect(snippets).toHaveLength(5);
    await it0.close();
  });

  it('has a row for each of its 6 operations', () => {
    const rows = [...section.matchAll(/^\| `(GET|POST) ([^?`]+)/gm)].map(
      ([, method = '', path = '']) => `${method} ${path}`,
    );
    expect(rows).toEqual(
      apiRoutes.map(({ method, path }) => `${method} ${path.replace('{channel}', '{name}')}`),
    );
  });
});
