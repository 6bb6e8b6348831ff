/**
 * The chat in real browsers against its real server: what one sees of the others, and what the page says while
 * the server is gone.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ws } from '@anywire/adapter-ws';
import { createRealtime } from '@anywire/core';
import { chromium, type Browser } from 'playwright';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { chromiumArgs, findChromium } from '../chromium.ts';
import { visit, type Visitor } from './chat-page.ts';
import { startChat, type ChatProcess } from './chat-process.ts';

const graceMs = 3_000;
const outageMs = 5_000;
/** To look at; not compared. */
const screenshots = fileURLToPath(new URL('../../.reports/chat', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'anywire-chat-'));
const database = join(folder, 'chat.db');
let server: ChatProcess;
let browser: Browser;
let visitors: Visitor[] = [];

beforeAll(async () => {
  const executablePath = findChromium();
  if (!executablePath) throw new Error('there is no Chromium');
  [server, browser] = await Promise.all([
    startChat({ database }),
    chromium.launch({ executablePath, args: chromiumArgs }),
  ]);
});

afterEach(async () => {
  await Promise.all(visitors.map((visitor) => visitor.close()));
  visitors = [];
});

afterAll(async () => {
  await browser.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Opens a page for each name, all in a room that no other test uses. */
async function meet(room: string, ...names: readonly string[]): Promise<Visitor[]> {
  const opened = await Promise.all(
    names.map((name) => visit(browser, `${server.url}/#/room/${room}`, name)),
  );
  visitors.push(...opened);
  await Promise.all(opened.map((visitor) => visitor.people(...names)));
  return opened;
}

describe('two people in one room', () => {
  it('see each other, and each message exactly once, without a word in the console', async () => {
    const [ann, bob] = (await meet('both', 'Ann', 'Bob')) as [Visitor, Visitor];
    await ann.say('Hello Bob');
    await Promise.all([ann.sees('Hello Bob'), bob.sees('Hello Bob')]);
    await bob.say('<img src=x onerror="document.title=1"> & Hello');
    await ann.sees('<img src=x onerror="document.title=1"> & Hello');
    expect(await bob.lines('Hello Bob').locator('.from').textContent()).toBe('Ann');
    expect([...ann.problems, ...bob.problems]).toEqual([]);
  });

  it('meet although one of them has no WebSocket: over plain HTTP, messages, typing and people are the same', async () => {
    const href = `${server.url}/?backend=sse#/room/http`;
    const [ann] = (await meet('http', 'Ann')) as [Visitor];
    const bob = await visit(browser, href, 'Bob');
    visitors.push(bob);
    await Promise.all([ann, bob].map((visitor) => visitor.people('Ann', 'Bob')));
    await ann.say('Hello Bob');
    await bob.sees('Hello Bob');
    await bob.say('Hello Ann');
    await ann.sees('Hello Ann');
    await bob.page.getByTestId('composer').pressSequentially('Hm');
    await ann.page.getByText('Bob is typing…').waitFor();
    expect([...ann.problems, ...bob.problems]).toEqual([]);
  });

  it('see that the other one types, and that it has ended with the message', async () => {
    const [ann, bob] = (await meet('typing', 'Ann', 'Bob')) as [Visitor, Visitor];
    await ann.page.getByTestId('composer').pressSequentially('Hm');
    await bob.page.getByText('Ann is typing…').waitFor();
    expect(await ann.page.getByTestId('typing').textContent()).toBe('');
    await ann.say('Hm');
    await bob.sees('Hm');
    expect(await bob.page.getByTestId('typing').textContent()).toBe('');
  });

  it('lose sight of one whose page is closed within the grace and 2 s, not at once', async () => {
    const [ann, bob] = (await meet('leaving', 'Ann', 'Bob')) as [Visitor, Visitor];
    await bob.close();
    const closedAt = performance.now();
    visitors = [ann];
    await ann.people('Ann');
    const tookMs = performance.now() - closedAt;
    expect(tookMs).toBeGreaterThan(graceMs - 1_000);
    expect(tookMs).toBeLessThan(graceMs + 2_000);
  });

  it('do not see one go who only reloads, and that one finds the last 50 messages again', async () => {
    const [ann, bob] = (await meet('reload', 'Ann', 'Bob')) as [Visitor, Visitor];
    for (let number = 1; number <= 55; number++) await bob.say(`Message ${number}`);
    await ann.sees('Message 55');
    const gone = bob.page
      .waitForFunction(
        () => document.querySelectorAll('[data-testid=member]').length < 2,
        {},
        { timeout: 0 },
      )
      .then(
        () => 'gone',
        () => 'stayed',
      );

    await ann.page.reload();
    await ann.connection('connected');
    await ann.sees('Message 55');
    expect(await ann.page.getByTestId('text').allTextContents()).toEqual(
      Array.from({ length: 50 }, (_, index) => `Message ${index + 6}`),
    );
    await ann.people('Ann', 'Bob');
    await bob.close();
    visitors = [ann];
    expect(await gone).toBe('stayed');
  });
});

describe('a direct message', () => {
  it('is seen by the one whom it is for, and by no one else', async () => {
    const [ann, bob, eve] = (await meet('private', 'Ann', 'Bob', 'Eve')) as [
      Visitor,
      Visitor,
      Visitor,
    ];
    await ann.page.getByTestId('members').getByText('Bob').click();
    await ann.page.getByRole('heading', { name: 'Bob', exact: true }).waitFor();
    await ann.say('Only for you');
    await ann.sees('Only for you');
    await bob.page
      .getByTestId(`direct-${await ann.id()}`)
      .getByTestId('unread')
      .getByText('1')
      .waitFor();
    await bob.page.getByTestId(`direct-${await ann.id()}`).click();
    await bob.page.getByRole('heading', { name: 'Ann', exact: true }).waitFor();
    await bob.sees('Only for you');
    await bob.say('Thank you');
    await ann.sees('Thank you');
    expect(await eve.page.getByText('Only for you').count()).toBe(0);

    await ann.page.reload();
    await ann.sees('Only for you');
    await ann.sees('Thank you');
  });

  it('cannot be read by a third user, with a token of their own or with the id of another', async () => {
    const [bob] = (await meet('guarded', 'Bob')) as [Visitor];
    const id = await bob.id();
    const post = (body: object): Promise<Response> =>
      fetch(`${server.url}/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const eve = createRealtime({
      adapter: ws({ url: `${server.url.replace('http', 'ws')}/anywire` }),
      auth: async () => ((await (await post({ name: 'Eve' })).json()) as { token: string }).token,
      log: () => {},
    });
    await expect(eve.channel(`user:${id}`).attach()).rejects.toMatchObject({ code: 'forbidden' });
    const history = eve.channel(`user:${id}`).history();
    await expect(history.next()).rejects.toMatchObject({ code: 'forbidden' });
    await eve.close();

    expect((await post({ name: 'Bob', id })).status).toBe(403);
    expect((await post({ name: 'Bob', id, key: 'guessed' })).status).toBe(403);
  });
});

describe('while the server is gone for 5 s', () => {
  it('the pages say so, keep what is written, recover by themselves, and show it exactly once', async () => {
    const [ann, bob] = (await meet('outage', 'Ann', 'Bob')) as [Visitor, Visitor];
    await ann.say('Before');
    await bob.sees('Before');

    await server.kill();
    await Promise.all([ann.connection('reconnecting'), bob.connection('reconnecting')]);
    await ann.say('Meanwhile');
    await ann.sees('Meanwhile', 'waiting');
    await ann.page.getByText('What you write now is kept').waitFor();
    await ann.page.getByText('2 were here').waitFor();
    await sleep(outageMs);
    await ann.sees('Meanwhile', 'waiting');
    expect(await bob.lines('Meanwhile').count()).toBe(0);

    server = await startChat({ port: server.port, database });
    await Promise.all([ann.connection('connected'), bob.connection('connected')]);
    await Promise.all([ann.sees('Meanwhile'), bob.sees('Meanwhile'), ann.sees('Before')]);
    await Promise.all([ann.people('Ann', 'Bob'), bob.people('Ann', 'Bob')]);
    await bob.say('Welcome back');
    await Promise.all([ann.sees('Welcome back'), bob.sees('Welcome back')]);
    // The messages are in a file: nothing is missing, for those who were there and for who comes later.
    const cid = await visit(browser, `${server.url}/#/room/outage`, 'Cid');
    visitors.push(cid);
    await cid.sees('Welcome back');
    for (const visitor of [ann, bob, cid]) {
      expect(await visitor.page.getByTestId('text').allTextContents()).toEqual([
        'Before',
        'Meanwhile',
        'Welcome back',
      ]);
      expect(await visitor.page.getByTestId('gap').count()).toBe(0);
      // Refused, or reset where the server was killed in the middle of a handshake.
      expect(visitor.problems.filter((text) => !text.includes('ERR_CONNECTION_RE'))).toEqual([]);
    }
  });

  it('and comes back without its messages, the pages say that some may be missing', async () => {
    const [ann, bob] = (await meet('forgotten', 'Ann', 'Bob')) as [Visitor, Visitor];
    await ann.say('Before');
    await bob.sees('Before');
    await server.kill();
    server = await startChat({ port: server.port });
    for (const visitor of [ann, bob]) {
      await visitor.page.getByTestId('gap').getByText('Messages may be missing here').waitFor();
      await visitor.people('Ann', 'Bob');
    }
    await bob.say('Welcome back');
    for (const visitor of [ann, bob]) {
      await visitor.sees('Welcome back');
      expect(await visitor.page.getByTestId('text').allTextContents()).toEqual([
        'Before',
        'Welcome back',
      ]);
    }
  });
});

describe('a message that the server refuses', () => {
  it('says why, and can be removed', async () => {
    const [ann] = (await meet('refused', 'Ann')) as [Visitor];
    const text = 'x'.repeat(2_001);
    const field = ann.page.getByRole('textbox', { name: 'Message', exact: true });
    await field.evaluate((element) => element.removeAttribute('maxlength'));
    await ann.say(text);
    await ann.sees(text, 'failed');
    await ann.page.getByText('Not sent: it is too long.').waitFor();
    expect(await ann.page.getByTestId('retry').isVisible()).toBe(false);
    await ann.page.getByTestId('remove').click();
    expect(await ann.lines(text).count()).toBe(0);
  });
});

describe('the page', () => {
  const looks = [
    { name: 'wide', viewport: { width: 1_280, height: 800 } },
    { name: 'narrow', viewport: { width: 390, height: 844 } },
    { name: 'smallest', viewport: { width: 360, height: 640 } },
  ].flatMap(({ name, viewport }) =>
    (['light', 'dark'] as const).map((colorScheme) => ({
      name: `${name}-${colorScheme}`,
      options: { viewport, colorScheme },
    })),
  );

  it.each(looks)('fits into the window: $name', async ({ name, options }) => {
    const visitor = await visit(browser, `${server.url}/#/room/${name}`, 'Ann', options);
    visitors.push(visitor);
    await visitor.say('A text without any place to break: '.concat('x'.repeat(200)));
    await visitor.sees('A text without any place to break: '.concat('x'.repeat(200)));
    const { page } = visitor;
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).toBe(0);
    expect(await page.getByTestId('send').isVisible()).toBe(true);
    if (options.viewport.width < 900) {
      const button = page.getByRole('button', { name: 'Rooms and direct messages' });
      await button.press('Enter');
      await page.getByRole('link', { name: 'ideas' }).waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('link', { name: 'ideas' }).waitFor({ state: 'hidden' });
      expect(await button.evaluate((element) => element === document.activeElement)).toBe(true);
    }
    await page.screenshot({ path: `${screenshots}/${name}.png` });
  });
});
