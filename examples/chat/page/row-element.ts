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

/** Handed to the connection, and nothing more is known. */
const unconfirmed = 'Sent, but this server confirms nothing';

function wordsOf({ state, proof }: MessageLine): string {
  return state === 'sent' && proof === 'written' ? unconfirmed : stateWords[state];
}

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

function createMessage({ line: first }: MessageRow): Entry<MessageRow> {
  const name = el('span', { class: 'from' }, first.fromName);
  const time = el('time', {});
  const state = el('span', { class: 'state' });
  let line = first;
  const button = (name: 'retry' | 'remove', text: string): HTMLElement =>
    el('button', { type: 'button', 'data-testid': name, onclick: () => line[name]?.() }, text);
  const retry = button('retry', 'Try again');
  const remove = button('remove', 'Remove');
  const { isOwn } = first;
  const element = el(
    'li',
    { class: isOwn ? 'message own' : 'message', 'data-testid': 'message' },
    avatar(first.fromId, first.fromName),
    el('p', { class: 'head' }, name, time),
    el('p', { class: 'text', 'data-testid': 'text' }, first.text),
    isOwn ? el('p', { class: 'fate' }, state, retry, remove) : undefined,
  );
  return {
    element,
    show(row) {
      line = row.line;
      element.dataset['state'] = line.state;
      element.classList.toggle('continued', row.isContinued);
      time.textContent = line.at === undefined ? '' : timeFormat.format(line.at);
      time.dateTime = line.at === undefined ? '' : new Date(line.at).toISOString();
      element.dataset['proof'] = line.proof ?? '';
      state.textContent = line.problem ?? wordsOf(line);
      retry.hidden = line.retry === undefined;
      remove.hidden = line.remove === undefined;
    },
  };
}
