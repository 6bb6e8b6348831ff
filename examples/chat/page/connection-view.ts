/** Shows the state of the connection, and what it means for somebody who writes now. */
import type { ChatModel } from './chat.ts';
import { el, find } from './dom.ts';
import { connectionWords, reason } from './words.ts';

export function showConnection({ chat }: ChatModel): void {
  const badge = find('badge', HTMLParagraphElement);
  const notice = find('notice', HTMLParagraphElement);
  const { connection } = chat;
  connection.state.subscribe((state) => {
    const words = connectionWords[state];
    badge.textContent = words.badge;
    badge.dataset['state'] = state;
    badge.title = connection.error ? reason(connection.error) : '';
    notice.hidden = words.notice === undefined;
    const again = (): void => void connection.connect().catch(() => {}); // the badge tells
    notice.replaceChildren(
      words.notice ?? '',
      ...(words.action ? [el('button', { type: 'button', onclick: again }, words.action)] : []),
    );
  });
}
