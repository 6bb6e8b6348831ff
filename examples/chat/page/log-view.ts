/** Shows the open conversation: its lines, why there are none, and where one has scrolled to. */
import type { ChatModel } from './chat.ts';
import type { Conversation } from './conversation.ts';
import { find, list } from './dom.ts';
import { rowsOf, type Row } from './log-rows.ts';
import { createRow } from './row-element.ts';

/** Closer to the end than this counts as being there, in CSS pixels. */
const endPx = 64;

const notKept: Row = {
  kind: 'note',
  key: 'not kept',
  text: 'Earlier messages are not kept by this server.',
};

export function showLog({ open }: ChatModel): void {
  const log = find('log', HTMLOListElement);
  const end = followEnd(() => open.get().read());
  const show = list(log, ({ key }) => key, createRow);

  let stop = (): void => {};
  open.subscribe((conversation) => {
    stop();
    show([]);
    end.go();
    // What was said before is no news: only what comes from now on is read out.
    log.setAttribute('aria-live', 'off');
    requestAnimationFrame(() => log.setAttribute('aria-live', 'polite'));
    let newest = 0;
    const stopLines = conversation.log.lines.subscribe((lines) => {
      const last = lines.at(-1);
      if (last?.kind === 'message' && last.isOwn && last.key > newest) end.go();
      newest = last?.key ?? 0;
      const isShort = lines.length > 0 && !conversation.isKept();
      show([...(isShort ? [notKept] : []), ...rowsOf(lines)]);
      showEmpty(conversation);
      end.settle();
    });
    const stopStatus = conversation.status.subscribe(() => showEmpty(conversation));
    stop = () => {
      stopLines();
      stopStatus();
    };
  });
}

/** Stays at the end of the log, unless the reader has scrolled away from it. */
function followEnd(onSeen: () => void): { go(): void; settle(): void } {
  const scroll = find('scroll', HTMLDivElement);
  const toEnd = find('to-end', HTMLButtonElement);
  let isAtEnd = true;
  const settle = (): void => {
    if (isAtEnd) scroll.scrollTop = scroll.scrollHeight;
    toEnd.hidden = isAtEnd;
    if (isAtEnd && document.visibilityState === 'visible') onSeen();
  };
  const go = (): void => {
    isAtEnd = true;
    settle();
  };
  scroll.addEventListener('scroll', () => {
    isAtEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < endPx;
    if (isAtEnd) settle();
  });
  toEnd.addEventListener('click', go);
  document.addEventListener('visibilitychange', settle);
  new ResizeObserver(settle).observe(scroll); // an on-screen keyboard, a longer draft
  return { go, settle };
}

function showEmpty({ log, status, route, title, isKept }: Conversation): void {
  const empty = find('empty', HTMLDivElement);
  const now = status.get();
  const isReadable = now.kind === 'ready' || now.kind === 'loading';
  empty.hidden = isReadable && log.lines.get().length > 0;
  empty.dataset['status'] = now.kind;
  if (now.kind === 'loading') empty.textContent = 'Loading messages…';
  else if (now.kind === 'refused') empty.textContent = `This cannot be read: ${now.why}`;
  else if (now.kind === 'absent')
    empty.textContent =
      route.kind === 'room'
        ? 'This server has no such room.'
        : 'This server has no direct messages.';
  else if (!isKept())
    empty.textContent = 'This server keeps no messages: you see what is said from now on.';
  else if (route.kind === 'room')
    empty.textContent = 'Nothing has been said here yet. The first word is yours.';
  else empty.textContent = `Only ${title.get()} will read what you write here.`;
}
