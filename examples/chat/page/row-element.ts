/** How one row of the log looks. Everything that somebody wrote is a text node. */
import { avatar, el, type Entry } from './dom.ts';
import type { MessageLine } from './log.ts';
import type { MessageRow, Row } from './log-rows.ts';

const timeFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

const stateWords: Readonly<Record<MessageLine['state'], string>> = {
  waiting: 'Waits for the connection',
  sending: 'Sending…',
  sent: 'Sent',
  delivered: 'Sent',
  failed: 'Not sent',
};

export function createRow(row: Row): Entry<Row> {
  if (row.kind !== 'message') {
    const element = el(
      'li',
      { class: row.kind, 'data-testid': row.kind },
      el('span', {}, row.text),
    );
    return { element, show: () => {} };
  }
  const message = createMessage(row);
  return {
    element: message.element,
    show: (next) => next.kind === 'message' && message.show(next),
  };
}

function createMessage({ line, isOwn }: MessageRow): Entry<MessageRow> {
  const name = el('span', { class: 'from' }, line.fromName);
  const time = el('time', {});
  const state = el('span', { class: 'state' });
  const retry = el(
    'button',
    { class: 'retry', type: 'button', 'data-testid': 'retry' },
    'Try again',
  );
  const element = el(
    'li',
    { class: isOwn ? 'message own' : 'message', 'data-testid': 'message' },
    avatar(line.fromId, line.fromName),
    el('p', { class: 'head' }, name, time),
    el('p', { class: 'text', 'data-testid': 'text' }, line.text),
    isOwn ? el('p', { class: 'fate' }, state, retry) : undefined,
  );
  let onRetry: (() => void) | undefined;
  retry.addEventListener('click', () => onRetry?.());
  return {
    element,
    show({ line: now, isContinued }) {
      element.dataset['state'] = now.state;
      element.classList.toggle('continued', isContinued);
      time.textContent = now.at === undefined ? '' : timeFormat.format(now.at);
      time.dateTime = now.at === undefined ? '' : new Date(now.at).toISOString();
      state.textContent = now.problem ?? stateWords[now.state];
      onRetry = now.retry;
      retry.hidden = now.state !== 'failed';
    },
  };
}
