/**
 * Shows the newest numbers, whether they are live, and that some may be missing after an interruption. The page only
 * listens: what it shows is what the server sent last.
 */
import { createRealtime, defineChannels, event } from '@anywire/core';
import { sse } from '@anywire/adapter-sse';
import { statsSse } from '../../existing-servers/dialects/stats-sse.ts';
import { el, find, list, type Entry } from '../../chat/page/dom.ts';
import { connectionWords } from '../../chat/page/words.ts';

type Stats = Readonly<Record<string, number>>;

const response = await fetch('/config.json');
const { url } = (await response.json()) as { readonly url: string };

const channels = defineChannels({ stats: { events: { stats: event<Stats>() } } });
const realtime = createRealtime({ channels, adapter: sse({ url, dialect: statsSse }) });
const stats = realtime.channel('stats');

const badge = find('badge', HTMLParagraphElement);
const gap = find('gap', HTMLParagraphElement);
const numbers = find('numbers', HTMLElement);
const seen = find('seen', HTMLParagraphElement);
const show = list(numbers, ([name]: readonly [string, number]) => name, createNumber);
const format = new Intl.NumberFormat();
const timeFormat = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

function createNumber([name]: readonly [string, number]): Entry<readonly [string, number]> {
  const amount = el('dd', { 'data-testid': name });
  const element = el('div', { class: 'number' }, el('dt', {}, name), amount);
  return { element, show: ([, now]) => void (amount.textContent = format.format(now)) };
}

stats.on('stats', (data) => {
  show(Object.entries(data));
  seen.textContent = `Received at ${timeFormat.format(Date.now())}`;
});
stats.onGap(() => {
  gap.hidden = false;
  gap.textContent = `The connection was interrupted before ${timeFormat.format(Date.now())}: numbers of that time may be missing.`;
});
realtime.connection.state.subscribe((state) => {
  badge.textContent = connectionWords[state].badge;
  badge.dataset['state'] = state;
  // While the connection is down these are the numbers of before.
  numbers.classList.toggle('stale', state !== 'connected');
});
