/** One person with a browser of their own: what they do, and what they see on the chat's page. */
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright';
import { expect } from 'vitest';

/** How long anything that should happen soon may take. */
const soonMs = 10_000;

export interface Visitor {
  readonly page: Page;
  readonly name: string;
  /** What the console and the page complained about. */
  readonly problems: readonly string[];
  /** The lines that say `text`. */
  lines(text: string): Locator;
  say(text: string): Promise<void>;
  /** Waits until `text` stands there in `state`, and exactly once. */
  sees(text: string, state?: string): Promise<void>;
  /** Waits for the badge. */
  connection(state: string): Promise<void>;
  /** Waits until exactly these people are listed. */
  people(...names: readonly string[]): Promise<void>;
  /** The own id. */
  id(): Promise<string>;
  close(): Promise<void>;
}

/** Opens the page in a new context (its own storage), signs in, and waits for the connection. */
export async function visit(
  browser: Browser,
  url: string,
  name: string,
  options: BrowserContextOptions = {},
): Promise<Visitor> {
  const context = await browser.newContext({ viewport: { width: 1_280, height: 800 }, ...options });
  context.setDefaultTimeout(soonMs);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(message.text());
  });
  const visitor = describeVisitor(page, name, problems);
  await page.goto(url);
  await page.getByTestId('name-input').fill(name);
  await page.getByTestId('sign-in').click();
  await visitor.connection('connected');
  return visitor;
}

function describeVisitor(page: Page, name: string, problems: readonly string[]): Visitor {
  const lines = (text: string): Locator =>
    page.getByTestId('message').filter({ has: page.getByText(text, { exact: true }) });
  return {
    page,
    name,
    problems,
    lines,
    async say(text) {
      await page.getByTestId('composer').fill(text);
      await page.getByTestId('composer').press('Enter');
    },
    async sees(text, state = 'delivered') {
      await expect
        .poll(() => statesOf(lines(text)), { timeout: soonMs, message: `${name} sees "${text}"` })
        .toEqual([state]);
    },
    async connection(state) {
      await page
        .locator(`[data-testid=connection][data-state=${state}]`)
        .waitFor({ timeout: 20_000 });
    },
    async people(...names) {
      const members = page.getByTestId('member').locator('.name');
      await expect
        .poll(async () => (await members.allTextContents()).sort(), { timeout: soonMs })
        .toEqual([...names].sort());
    },
    async id() {
      const own = page.getByTestId('member').filter({ hasText: 'you' });
      return (await own.getAttribute('data-id')) ?? '';
    },
    close: () => page.context().close(),
  };
}

function statesOf(lines: Locator): Promise<(string | undefined)[]> {
  return lines.evaluateAll((elements) =>
    elements.map((element) => (element as HTMLElement).dataset['state']),
  );
}
