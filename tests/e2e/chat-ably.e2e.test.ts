/**
 * The chat on Ably by configuration alone, in real browsers: the emulator carries and keeps the messages, the chat's server signs a token
 * for each person. A drop is resumed; a service that has forgotten everything is told.
 */
import { fileURLToPath } from 'node:url';
import { startAbly, type AblyServer } from '@anywire/emulators/ably';
import { chromium, type Browser } from 'playwright';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { chromiumArgs, findChromium } from '../chromium.ts';
import { visit, type Visitor } from './chat-page.ts';
import { startChat, type ChatProcess } from './chat-process.ts';

/** To look at; not compared. */
const screenshots = fileURLToPath(new URL('../../.reports/ably', import.meta.url));

let service: AblyServer;
let browser: Browser;
let chat: ChatProcess;
let visitors: Visitor[] = [];

beforeAll(async () => {
  const executablePath = findChromium();
  if (!executablePath) throw new Error('there is no Chromium');
  service = await startAbly({ keys: ['app.key:secret'] });
  browser = await chromium.launch({ executablePath, args: chromiumArgs });
  const backends = `ably=${service.url}/?key=app.key`;
  chat = await startChat({ backends, env: { ABLY_SECRET: 'secret' } });
});

afterEach(async () => {
  await Promise.all(visitors.map((visitor) => visitor.close()));
  visitors = [];
});

afterAll(async () => {
  await browser.close();
  await chat.stop();
  await service.close();
});

async function meet(room: string): Promise<[ann: Visitor, bob: Visitor]> {
  const url = `${chat.url}/#/room/${room}`;
  const opened = await Promise.all(['Ann', 'Bob'].map((name) => visit(browser, url, name)));
  visitors.push(...opened);
  await Promise.all(opened.map(ready));
  return opened as [Visitor, Visitor];
}

/** Waits until the open room can be read: before that, what others say may not reach it. */
const ready = ({ page }: Visitor): Promise<void> =>
  page.locator('#empty[data-status=ready]').waitFor({ state: 'attached' });

const texts = ({ page }: Visitor): Promise<string[]> => page.getByTestId('text').allTextContents();

describe('the chat on Ably', () => {
  it('shows two people each message once, and who is here, also over drops, without a gap', async () => {
    const [ann, bob] = await meet('lobby');
    await Promise.all([ann.people('Ann', 'Bob'), bob.people('Ann', 'Bob')]);
    await ann.say('Hello Bob');
    await Promise.all([ann.sees('Hello Bob', 'delivered'), bob.sees('Hello Bob')]);
    await bob.say('Hello Ann');
    await Promise.all([bob.sees('Hello Ann', 'delivered'), ann.sees('Hello Ann')]);
    service.drop();
    await bob.say('Right after the drop');
    await Promise.all([ann.sees('Right after the drop'), bob.sees('Right after the drop')]);
    const all = ['Hello Bob', 'Hello Ann', 'Right after the drop'];
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
    const [ann, bob] = await meet('late');
    await ann.say('Before Eve');
    await bob.sees('Before Eve');
    await bob.page.reload();
    await bob.sees('Before Eve');
    const eve = await visit(browser, `${chat.url}/#/room/late`, 'Eve');
    visitors.push(eve);
    await eve.sees('Before Eve');
  });

  it('tells that messages may be missing when the service has forgotten everything', async () => {
    const [ann, bob] = await meet('forgotten');
    await ann.say('Hello Bob');
    await bob.sees('Hello Bob');
    service.forget();
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
