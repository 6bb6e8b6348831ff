import { Writable } from 'node:stream';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { testServer } from '../test/support/pipes.ts';
import { logOf, type Log } from './log.ts';
import { memory } from './memory.ts';
import { createServer } from './server.ts';

type Line = Record<string, unknown> & { level: number; msg: string };

/** A real pino, and the lines that it wrote. */
function captured(level = 'debug'): { logger: ReturnType<typeof pino>; lines: Line[] } {
  const lines: Line[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      lines.push(JSON.parse(chunk.toString()) as Line);
      done();
    },
  });
  return { logger: pino({ level }, stream), lines };
}

describe('a log', () => {
  it('that is a function is used as it is', () => {
    const log: Log = () => {};
    expect(logOf(log)).toBe(log);
  });

  it.each([
    ['debug', 20],
    ['info', 30],
    ['warn', 40],
    ['error', 50],
  ] as const)('that is a pino gets %s as level %i, with its fields and text', (level, number) => {
    const { logger, lines } = captured();
    logOf(logger)(level, '100 %s of it', { channel: 'room' });
    expect(lines).toMatchObject([{ level: number, msg: '100 %s of it', channel: 'room' }]);
  });

  it('that is a pino gets an error as `err`, with its type and stack', () => {
    const { logger, lines } = captured();
    logOf(logger)('error', 'open failed', { error: new TypeError('no disk') });
    expect(lines[0]).toMatchObject({ err: { type: 'TypeError', message: 'no disk' } });
    expect(lines[0]).not.toHaveProperty('error');
    expect(String((lines[0]?.['err'] as { stack: string }).stack)).toContain('log.test.ts');
  });

  it('that is a child of a pino keeps its bindings, and details may be absent', () => {
    const { logger, lines } = captured();
    logOf(logger.child({ node: 'a' }))('warn', 'slow');
    expect(lines).toMatchObject([{ level: 40, node: 'a', msg: 'slow' }]);
  });
});

describe('the server with a pino', () => {
  it('tells of a connection at debug, and of its own end at info', async () => {
    const { logger, lines } = captured();
    const { server, connected } = testServer({ log: logger });
    const ann = await connected('ann');
    ann.end();
    await connected('bob');
    await server.close();
    const said = lines.map(({ level, msg }) => `${level} ${msg}`);
    expect(said).toEqual([
      '20 connected',
      '20 disconnected',
      '20 connected',
      '30 draining',
      '20 disconnected',
      '30 closed',
    ]);
    expect(lines[0]).toMatchObject({ client: 'ann', connection: expect.any(String) });
    expect(lines[1]).toMatchObject({ connection: lines[0]?.['connection'], code: 1000 });
    expect(lines[3]).toMatchObject({ connections: 1 });
  });

  it('says why an engine did not open', async () => {
    const { logger, lines } = captured();
    const open = (): Promise<void> => Promise.reject(new Error('the disk is full'));
    const engine = { ...memory(), open };
    const server = createServer({ engine, log: logger });
    await expect(server.ready()).rejects.toThrow('the disk is full');
    expect(lines).toMatchObject([
      { level: 50, msg: 'open failed', err: { message: 'the disk is full' } },
    ]);
    await server.close();
  });
});
