import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sqlite } from '@anywire/server/sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { scripted, unreachable, type Scripted } from '../test/scripted.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Processes of one backend, one after the other, on one file. */
function processes(): () => Scripted {
  const folder = mkdtempSync(join(tmpdir(), 'anywire-backend-'));
  ends.push(() => rmSync(folder, { recursive: true }));
  return () => {
    const next = scripted({ store: sqlite({ file: join(folder, 'messages.db') }) });
    ends.push(() => next.backend.close());
    return next;
  };
}

const publish = (n: number): object => ({
  channel: 'room',
  secret: 'of ann, who is on the page',
  messages: [{ id: `nonce-ann:${n}`, event: 'said', data: n }],
});

interface Positions {
  readonly positions: readonly string[];
}

/** Ends a process whose service cannot be reached: what waits stays unsent. */
async function crash({ backend, answers, clock }: Scripted): Promise<void> {
  answers.push(...Array.from({ length: 20 }, unreachable));
  const closed = backend.close();
  await clock.advance(5_000);
  await closed;
}

describe('a process that ends between store and service', () => {
  it('leaves 1 message that no subscriber got, and a position that shows every one of them that it is there', async () => {
    const start = processes();
    const first = start();
    await first.post('publish', publish(1), 'ann');
    const asked = { channels: ['room'] };
    const before = (await first.post('positions', asked, 'bob')).body as Positions;
    first.answers.push(unreachable());
    const { body } = await first.post('publish', publish(2), 'ann');
    expect(body).toMatchObject({ outcomes: [{ level: 'stored', serial: 2, pending: true }] });
    await crash(first);
    expect(first.sent.map(({ message }) => message.serial)).toEqual([1]);
    expect(first.logged).toContain('error closed with messages that were stored and not sent');

    const second = start();
    const after = (await second.post('positions', asked, 'bob')).body as Positions;
    expect(after.positions).not.toEqual(before.positions);
    const from = encodeURIComponent(before.positions[0] ?? '');
    const page = await second.get(`history?channel=room&direction=forwards&from=${from}`, 'bob');
    expect(page.body).toMatchObject({
      ...{ complete: true },
      items: [{ id: 'nonce-ann:2', serial: 2, cursor: after.positions[0], clientId: 'ann' }],
    });
    expect(second.sent).toEqual([]);
  });

  it('and a client that tries again makes the next process send it, with the serial that it had', async () => {
    const start = processes();
    const first = start();
    first.answers.push(unreachable());
    await first.post('publish', publish(1), 'ann');
    await crash(first);
    const second = start();
    const { body } = await second.post('publish', publish(1), 'ann');
    expect(body).toMatchObject({ outcomes: [{ level: 'stored', serial: 1, duplicate: true }] });
    expect(second.sent).toMatchObject([{ message: { id: 'nonce-ann:1', serial: 1 } }]);
  });

  it('keeps the nonce of ann: eve publishes nothing under it after the restart', async () => {
    const start = processes();
    const first = start();
    await first.post('publish', publish(1), 'ann');
    await first.backend.close();
    const second = start();
    expect(await second.post('publish', publish(2), 'eve')).toMatchObject({ status: 403 });
    expect(await second.post('publish', publish(2), 'ann')).toMatchObject({ status: 200 });
  });
});
