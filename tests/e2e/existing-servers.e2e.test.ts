/**
 * The chat on every backend by configuration alone, in real browsers: servers that know nothing of us, and our own. Two
 * people see each message once; a server that goes and comes back is told, and what may be missing is not hidden.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser } from 'playwright';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  startServer,
  type RunningServer,
  type ServerName,
} from '../../examples/existing-servers/servers.ts';
import { createPage } from '../../examples/chat/server/page.ts';
import { chromiumArgs, findChromium } from '../chromium.ts';
import { visit, type Visitor } from './chat-page.ts';
import { startChat, type ChatProcess } from './chat-process.ts';

/** To look at; not compared. */
const screenshots = fileURLToPath(new URL('../../.reports/existing-servers', import.meta.url));
const secret = 'of the chat and of the server that checks its tokens';

/** What the page shows of each server, by what that server can do. */
const servers = [
  { name: 'tutorial-rooms', own: 'delivered', people: ['Ann', 'Bob'] },
  { name: 'room-events', own: 'sent', people: ['Ann', 'Bob'] }, // it has forgotten what it is asked for
  { name: 'one-room', own: 'sent', people: ['Ann', 'Bob'] },
  { name: 'notifications', own: 'delivered', people: undefined },
  { name: 'raw-ws', own: 'sent', people: undefined },
] as const satisfies readonly { readonly name: ServerName; readonly [key: string]: unknown }[];

const running = new Map<ServerName, RunningServer>();
let chat: ChatProcess;
let browser: Browser;
let visitors: Visitor[] = [];

beforeAll(async () => {
  const executablePath = findChromium();
  if (!executablePath) throw new Error('there is no Chromium');
  for (const { name } of servers) running.set(name, await startServer(name, { secret }));
  const backends = [...running].map(([name, { url }]) => `${name}=${url}`).join(' ');
  [chat, browser] = await Promise.all([
    startChat({ backends, secret }),
    chromium.launch({ executablePath, args: chromiumArgs }),
  ]);
});

afterEach(async () => {
  await Promise.all(visitors.map((visitor) => visitor.close()));
  visitors = [];
});

afterAll(async () => {
  await browser.close();
  await Promise.all([...running.values()].map((server) => server.close()));
  await chat.stop();
});

async function meet(backend: string, room: string): Promise<[ann: Visitor, bob: Visitor]> {
  const url = `${chat.url}/?backend=${backend}#/room/${room}`;
  const opened = await Promise.all(['Ann', 'Bob'].map((name) => visit(browser, url, name)));
  visitors.push(...opened);
  await Promise.all(opened.map(ready));
  return opened as [Visitor, Visitor];
}

/** Waits until the open room can be read: before that, what others say may not reach it. */
const ready = ({ page }: Visitor): Promise<void> =>
  page.locator('#empty[data-status=ready]').waitFor({ state: 'attached' });

/** The server goes without a word, and comes back on its port, knowing nothing. */
async function restart(name: ServerName, whileGone: () => Promise<unknown>): Promise<void> {
  const before = running.get(name)!;
  await before.close();
  await whileGone();
  const port = Number(new URL(before.url).port);
  running.set(name, await startServer(name, { port, secret }));
}

const texts = ({ page }: Visitor): Promise<string[]> => page.getByTestId('text').allTextContents();

describe.each(servers)('the chat on $name', ({ name, own, people }) => {
  it('shows two people each message once, tells a drop, and goes on after it', async () => {
    const [ann, bob] = await meet(name, 'lobby');
    if (people) await Promise.all([ann.people(...people), bob.people(...people)]);
    else await bob.page.getByText('This server does not tell who is here.').waitFor();
    await ann.say('Hello Bob');
    await Promise.all([ann.sees('Hello Bob', own), bob.sees('Hello Bob')]);
    expect(await bob.lines('Hello Bob').locator('.from').textContent()).toBe('Ann');
    await bob.say('Hello Ann');
    await Promise.all([bob.sees('Hello Ann', own), ann.sees('Hello Ann')]);
    expect(await ann.lines('Hello Ann').locator('.from').textContent()).toBe('Bob');

    await restart(name, () =>
      Promise.all([ann.connection('reconnecting'), bob.connection('reconnecting')]),
    );
    for (const visitor of [ann, bob]) {
      await visitor.connection('connected');
      await visitor.page.getByTestId('gap').getByText('may be missing').waitFor();
      await ready(visitor);
      if (people) await visitor.people(...people);
    }
    await ann.say('Back again');
    await Promise.all([ann.sees('Back again', own), bob.sees('Back again')]);
    for (const visitor of [ann, bob])
      expect(await texts(visitor)).toEqual(['Hello Bob', 'Hello Ann', 'Back again']);
    await bob.page.screenshot({ path: `${screenshots}/${name}-wide.png` });
    await ann.page.setViewportSize({ width: 390, height: 844 });
    await ann.page.screenshot({
      path: `${screenshots}/${name}-narrow.png`,
      animations: 'disabled',
    });
    const unexpected = [...ann.problems, ...bob.problems].filter(
      (text) => !/ERR_CONNECTION_RE|WebSocket connection/u.test(text),
    );
    expect(unexpected).toEqual([]);
  });
});

describe('what a server cannot do', () => {
  it('is said of earlier messages and of direct ones', async () => {
    const [ann] = await meet('raw-ws', 'lobby');
    await ann.page.getByText('This server keeps no messages').waitFor();
    await ann.page.getByText('This server has none.').waitFor();
    await ann.say('Alone');
    await ann.page.getByText('Earlier messages are not kept by this server.').waitFor();
    await ann.page.getByText('Sent, but this server confirms nothing').waitFor();
  });

  it('is said of a second room, which can be entered all the same, and of what was said elsewhere', async () => {
    const [ann, bob] = await meet('one-room', 'lobby');
    await ann.page.getByText('This server takes one room at a time').waitFor();
    await ann.say('In the lobby');
    await bob.sees('In the lobby');
    await Promise.all([ann, bob].map(({ page }) => page.getByTestId('room-ideas').click()));
    await Promise.all([ann.people('Ann', 'Bob'), bob.people('Ann', 'Bob')]);
    await bob.say('An idea');
    await ann.sees('An idea');
    await ann.page.getByTestId('room-lobby').click();
    await ann.page.getByTestId('gap').getByText('You were in another room').waitFor();
    await ann.people('Ann');
  });
});

describe.each(['ws', 'sse', 'socketio'])('the chat on our own server by %s', (backend) => {
  it('shows two people each message once, and who is here', async () => {
    const [ann, bob] = await meet(backend, `own-${backend}`);
    await Promise.all([ann.people('Ann', 'Bob'), bob.people('Ann', 'Bob')]);
    await ann.say('Hello Bob');
    await Promise.all([ann.sees('Hello Bob'), bob.sees('Hello Bob')]);
    expect([...ann.problems, ...bob.problems]).toEqual([]);
  });
});

/** The dashboard's page, as its server hands it out. */
async function serveDashboard(url: string): Promise<{ http: Server; address: string }> {
  const folder = fileURLToPath(new URL('../../examples/dashboard/page/', import.meta.url));
  const http = createServer(createPage({ url: `${url}/events` }, [url], folder));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return { http, address: `http://127.0.0.1:${(http.address() as AddressInfo).port}` };
}

describe('the dashboard on stats-sse', () => {
  it('shows the numbers, dims them while the server is gone, and tells that some may be missing', async () => {
    running.set('stats-sse', await startServer('stats-sse'));
    const { url } = running.get('stats-sse')!;
    const { http, address } = await serveDashboard(url);
    const post = (visitors: number): Promise<Response> =>
      fetch(`${url}/stats`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', connection: 'close' },
        body: JSON.stringify({ data: { visitors, orders: 7 } }),
      });
    const context = await browser.newContext({ viewport: { width: 1_280, height: 800 } });
    const page = await context.newPage();
    const badge = (state: string): Promise<void> =>
      page.locator(`[data-testid=connection][data-state=${state}]`).waitFor();
    await page.goto(address);
    await badge('connected');
    await page.getByTestId('visitors').getByText('0', { exact: true }).waitFor();
    await post(1_234);
    await page.getByTestId('visitors').getByText('1,234', { exact: true }).waitFor();
    expect(await page.getByTestId('gap').isVisible()).toBe(false);

    await restart('stats-sse', () => badge('reconnecting'));
    await badge('connected');
    await page.getByTestId('gap').getByText('may be missing').waitFor();
    await post(99);
    await page.getByTestId('visitors').getByText('99', { exact: true }).waitFor();
    await page.screenshot({ path: `${screenshots}/dashboard-wide.png` });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.screenshot({ path: `${screenshots}/dashboard-narrow.png`, animations: 'disabled' });
    await context.close();
    await new Promise((resolve) => http.close(resolve));
  });
});

it('loads the code of the chosen backend alone, and refuses one that is not configured', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const loaded: string[] = [];
  page.on('response', (response) => {
    if (response.url().endsWith('.js')) loaded.push(response.url());
  });
  const open = async (backend: string): Promise<number> => {
    loaded.length = 0;
    await page.goto(`${chat.url}/?backend=${backend}`);
    const name = page.getByTestId('name-input');
    if (await name.isVisible()) {
      await name.fill('Ann');
      await page.getByTestId('sign-in').click();
    }
    if (backend === 'nowhere') await page.getByText("There is no backend 'nowhere' here").waitFor();
    else await page.locator('[data-testid=connection][data-state=connected]').waitFor();
    return new Set(loaded).size;
  };
  const ws = await open('ws');
  const socketio = await open('socketio');
  expect(socketio).toBeGreaterThan(ws);
  expect(await open('nowhere')).toBeLessThan(ws);
  await context.close();
});
