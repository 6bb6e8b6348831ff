/**
 * The chat on Supabase by configuration alone, in real browsers: the emulator passes the messages on and keeps none, the chat's server
 * makes a token for each person. What may be missing after a drop is told.
 */
import { fileURLToPath } from 'node:url';
import { startSupabase, type SupabaseServer } from '@anywire/emulators/supabase';
import { chromium, type Browser } from 'playwright';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { chromiumArgs, findChromium } from '../chromium.ts';
import { visit, type Visitor } from './chat-page.ts';
import { startChat, type ChatProcess } from './chat-process.ts';

/** To look at; not compared. */
const screenshots = fileURLToPath(new URL('../../.reports/supabase', import.meta.url));

let service: SupabaseServer;
let browser: Browser;
let chat: ChatProcess;
let visitors: Visitor[] = [];

beforeAll(async () => {
  const executablePath = findChromium();
  if (!executablePath) throw new Error('there is no Chromium');
  service = await startSupabase({ jwtSecret: 'secret', keys: { sb_publishable_key: 'anon' } });
  browser = await chromium.launch({ executablePath, args: chromiumArgs });
  const backends = `supabase=${service.url}/?key=sb_publishable_key`;
  chat = await startChat({ backends, env: { SUPABASE_JWT_SECRET: 'secret' } });
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

describe('the chat on Supabase', () => {
  it('shows two people each message once, and who is here; a drop is told as a gap', async () => {
    const [ann, bob] = await meet('lobby');
    await Promise.all([ann.people('Ann', 'Bob'), bob.people('Ann', 'Bob')]);
    await ann.say('Hello Bob');
    await Promise.all([ann.sees('Hello Bob', 'sent'), bob.sees('Hello Bob')]);
    await bob.say('Hello Ann');
    await Promise.all([bob.sees('Hello Ann', 'sent'), ann.sees('Hello Ann')]);
    service.drop();
    for (const visitor of [ann, bob]) {
      await visitor.page.getByTestId('gap').getByText('may be missing').waitFor();
      await visitor.connection('connected');
      await ready(visitor);
    }
    await bob.say('After the drop');
    await Promise.all([ann.sees('After the drop'), bob.sees('After the drop', 'sent')]);
    for (const visitor of [ann, bob]) {
      expect(await texts(visitor)).toEqual(['Hello Bob', 'Hello Ann', 'After the drop']);
      await visitor.people('Ann', 'Bob');
    }
    await bob.page.screenshot({ path: `${screenshots}/wide.png` });
    await ann.page.setViewportSize({ width: 390, height: 844 });
    await ann.page.screenshot({ path: `${screenshots}/narrow.png`, animations: 'disabled' });
  });

  it('who leaves is gone, and who comes back is there again', async () => {
    const [ann, bob] = await meet('late');
    await ann.people('Ann', 'Bob');
    await bob.page.reload();
    await ready(bob);
    await Promise.all([ann.people('Ann', 'Bob'), bob.people('Ann', 'Bob')]);
    await ann.say('Welcome back');
    await bob.sees('Welcome back');
  });
});
