/**
 * The chat on Pusher by configuration alone, in real browsers: the emulator carries the messages, the chat's server signs, publishes and
 * keeps them. What a drop has swallowed comes from the store; without one the page says that something may be missing.
 */
import { fileURLToPath } from 'node:url';
import { startPusher, type PusherServer } from '@anywire/emulators/pusher';
import { chromium, type Browser } from 'playwright';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { chromiumArgs, findChromium } from '../chromium.ts';
import { visit, type Visitor } from './chat-page.ts';
import { startChat, type ChatProcess } from './chat-process.ts';

/** To look at; not compared. */
const screenshots = fileURLToPath(new URL('../../.reports/pusher', import.meta.url));
const app = { id: '1', key: 'k', secret: 's' };

let service: PusherServer;
let browser: Browser;
const chats = new Map<string, ChatProcess>();
let visitors: Visitor[] = [];

beforeAll(async () => {
  const executablePath = findChromium();
  if (!executablePath) throw new Error('there is no Chromium');
  service = await startPusher({ apps: [app] });
  browser = await chromium.launch({ executablePath, args: chromiumArgs });
  const env = { PUSHER_APP_ID: app.id, PUSHER_SECRET: app.secret };
  for (const [name, more] of [
    ['a store', ''],
    ['no store', '&store=no'],
  ] as const) {
    const backends = `pusher=${service.url}/?key=${app.key}${more}`;
    chats.set(name, await startChat({ backends, env }));
  }
});

afterEach(async () => {
  await Promise.all(visitors.map((visitor) => visitor.close()));
  visitors = [];
});

afterAll(async () => {
  await browser.close();
  for (const chat of chats.values()) await chat.stop();
  await service.close();
});

async function meet(chat: string, room: string): Promise<[ann: Visitor, bob: Visitor]> {
  const url = `${chats.get(chat)?.url}/#/room/${room}`;
  const opened = await Promise.all(['Ann', 'Bob'].map((name) => visit(browser, url, name)));
  visitors.push(...opened);
  await Promise.all(opened.map(ready));
  return opened as [Visitor, Visitor];
}

/** Waits until the open room can be read: before that, what others say may not reach it. */
const ready = ({ page }: Visitor): Promise<void> =>
  page.locator('#empty[data-status=ready]').waitFor({ state: 'attached' });

const texts = ({ page }: Visitor): Promise<string[]> => page.getByTestId('text').allTextContents();

/** The service is gone, and comes back on its port. */
async function restart(whileGone: () => Promise<unknown>): Promise<void> {
  const { port } = service;
  await service.close();
  await whileGone();
  service = await startPusher({ apps: [app], port });
}

describe('the chat on Pusher', () => {
  it('shows two people each message once, who is here and who types, and repairs what a drop has swallowed', async () => {
    const [ann, bob] = await meet('a store', 'lobby');
    await Promise.all([ann.people('Ann', 'Bob'), bob.people('Ann', 'Bob')]);
    await ann.say('Hello Bob');
    await Promise.all([ann.sees('Hello Bob', 'delivered'), bob.sees('Hello Bob')]);
    await bob.say('Hello Ann');
    await Promise.all([bob.sees('Hello Ann', 'delivered'), ann.sees('Hello Ann')]);
    service.drop();
    await bob.say('Right after the drop');
    await Promise.all([ann.sees('Right after the drop'), bob.sees('Right after the drop')]);
    await restart(async () => {
      await Promise.all([ann.connection('reconnecting'), bob.connection('reconnecting')]);
      await ann.say('While it was away');
    });
    await Promise.all([ann.connection('connected'), bob.connection('connected')]);
    await Promise.all([ann.sees('While it was away', 'delivered'), bob.sees('While it was away')]);
    const all = ['Hello Bob', 'Hello Ann', 'Right after the drop', 'While it was away'];
    for (const visitor of [ann, bob]) {
      expect(await texts(visitor)).toEqual(all);
      expect(await visitor.page.getByTestId('gap').count()).toBe(0);
      await visitor.people('Ann', 'Bob');
    }
    await bob.page.screenshot({ path: `${screenshots}/wide.png` });
    await ann.page.setViewportSize({ width: 390, height: 844 });
    await ann.page.screenshot({ path: `${screenshots}/narrow.png`, animations: 'disabled' });
  });

  it('shows the last messages to who comes later, and after a reload', async () => {
    const [ann, bob] = await meet('a store', 'late');
    await ann.say('Before Eve');
    await bob.sees('Before Eve');
    await bob.page.reload();
    await bob.sees('Before Eve');
    const eve = await visit(browser, `${chats.get('a store')?.url}/#/room/late`, 'Eve');
    visitors.push(eve);
    await eve.sees('Before Eve');
  });

  it('tells where nothing is kept that messages may be missing', async () => {
    const [ann, bob] = await meet('no store', 'lobby');
    await ann.say('Hello Bob');
    await bob.sees('Hello Bob');
    await restart(() =>
      Promise.all([ann.connection('reconnecting'), bob.connection('reconnecting')]),
    );
    for (const visitor of [ann, bob]) {
      await visitor.connection('connected');
      await visitor.page.getByTestId('gap').getByText('may be missing').waitFor();
      await ready(visitor);
    }
    await ann.say('Back again');
    await bob.sees('Back again');
    expect(await texts(bob)).toEqual(['Hello Bob', 'Back again']);
  });
});
