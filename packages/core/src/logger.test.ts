import { describe, expect, it } from 'vitest';
import { failure, testClient } from '../test/client.ts';
import { RealtimeError } from './errors.ts';
import { intercept } from './intercept.ts';
import { jsonLogger, logged, textLogger, type LoggerOptions, type LogLevel } from './logger.ts';

const written = (
  make: typeof jsonLogger,
  options: LoggerOptions = {},
): { log: ReturnType<typeof jsonLogger>; lines: string[]; levels: LogLevel[] } => {
  const lines: string[] = [];
  const levels: LogLevel[] = [];
  const write = (line: string, level: LogLevel): void => {
    lines.push(line);
    levels.push(level);
  };
  return { log: make({ write, now: () => 1_000, ...options }), lines, levels };
};

describe('textLogger', () => {
  it('writes time, level, text and details in one line', () => {
    const { log, lines } = written(textLogger);
    log('warn', 'gap', { channel: 'room', recovered: 3 });
    log('error', 'closed');
    expect(lines).toEqual([
      '00:00:01.000 WARN  gap  channel=room  recovered=3',
      '00:00:01.000 ERROR closed',
    ]);
  });
});

describe('jsonLogger', () => {
  it('writes an object a line; details cannot forge time, level or text', () => {
    const { log, lines } = written(jsonLogger);
    log('warn', 'a\nb', { level: 'debug', n: 1 });
    expect(lines).toEqual([
      '{"level":"warn","n":1,"time":"1970-01-01T00:00:01.000Z","text":"a\\nb"}',
    ]);
  });

  it('writes errors as code and text, with their causes', () => {
    const { log, lines } = written(jsonLogger);
    const error = new RealtimeError('timeout', 'late', { cause: new TypeError('inner') });
    log('error', 'failed', { error });
    expect(JSON.parse(lines[0]!)).toMatchObject({
      error: { code: 'timeout', cause: { name: 'TypeError', message: 'inner' } },
    });
  });

  it('leaves out what no log may hold, however deep', () => {
    const { log, lines } = written(jsonLogger);
    const token = 'SECRET';
    log('error', 'x', { token, data: token, a: { authorization: token, list: [{ payload: token }] }, presenceData: token, detail: token }); // prettier-ignore
    expect(lines.join()).not.toContain(token);
    expect(lines.join()).toContain('"authorization":"[left out]"');
  });

  it('survives what JSON does not: circles, big integers, functions', () => {
    const { log, lines } = written(jsonLogger);
    const circle: Record<string, unknown> = { big: 1n, fn: () => 1 };
    circle['self'] = circle;
    log('error', 'x', circle);
    expect(lines[0]).toContain('[deep]');
  });
});

it.each<[LogLevel | undefined, LogLevel[]]>([
  ['debug', ['debug', 'warn', 'error']],
  [undefined, ['warn', 'error']],
  ['error', ['error']],
])('level %s writes %j', (level, expected) => {
  const { log, levels } = written(jsonLogger, level ? { level } : {});
  for (const one of ['debug', 'warn', 'error'] as const) log(one, 'x');
  expect(levels).toEqual(expected);
});

describe('logged', () => {
  it('tells of states, publishes and gaps, and never of data', async () => {
    const { log, lines } = written(jsonLogger, { level: 'debug' });
    const { realtime, fake, clock, attached } = testClient({
      log,
      interceptors: intercept(logged(log)),
      fake: { capabilities: { history: { support: 'none' } } },
    });
    const room = await attached('room');
    await room.publish('e', 'SECRET');
    fake.handle('publish', (call) => call.reject(failure('forbidden')));
    await room.publish('e', 'SECRET').catch(() => {});
    fake.handle('attach', (call) => call.answer({ continuity: 'lost', reason: 'too long' }));
    fake.drop();
    await clock.advance(1_000);
    await realtime.close();
    const seen = lines.map((line) => {
      const { text, state, level, reason, error } = JSON.parse(line) as Record<string, unknown>;
      return [text, state ?? reason ?? (error as { code: string } | undefined)?.code ?? level].join(' '); // prettier-ignore
    });
    expect(seen).toEqual([
      'connection idle',
      'connection connecting',
      'connection connected',
      'published debug',
      'publish failed forbidden',
      'connection dropped connection_failed',
      'connection reconnecting',
      'connection connected',
      'gap too long',
      'connection closed',
    ]);
    expect(lines.join()).not.toContain('SECRET');
  });
});
