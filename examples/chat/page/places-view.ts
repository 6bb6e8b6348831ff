/** Shows where one can go: rooms and direct messages, with the number of messages that one has not read. */
import type { ChatModel } from './chat.ts';
import type { Conversation, Status } from './conversation.ts';
import { avatar, el, find, list, type Entry } from './dom.ts';
import { hrefOf, roomIdOf } from './route.ts';

export function showPlaces(model: ChatModel): void {
  const { rooms, directs, open, isSingle } = model;
  const elsewhere = find('elsewhere', HTMLSpanElement);
  const create = (conversation: Conversation): Entry<Conversation> =>
    createPlace(conversation, model);
  const directsHint = find('directs-empty', HTMLParagraphElement);
  const showRooms = list(find('rooms', HTMLUListElement), keyOf, create);
  const showDirects = list(find('directs', HTMLUListElement), keyOf, create);

  const sum = (): void => {
    const all = [...rooms.get(), ...directs.list.get()];
    const unread = all.reduce((total, conversation) => total + conversation.unread.get(), 0);
    elsewhere.hidden = unread === 0;
    const title = `${open.get().title.get()} · Anywire chat`;
    document.title = unread > 0 ? `(${unread}) ${title}` : title;
  };
  const watched = new Set<Conversation>();
  const watch = (conversations: readonly Conversation[]): void => {
    for (const conversation of conversations) {
      if (watched.has(conversation)) continue;
      watched.add(conversation);
      conversation.unread.subscribe(sum);
      conversation.title.subscribe(sum);
    }
  };
  rooms.subscribe((all) => {
    showRooms(all);
    watch(all);
  });
  directs.list.subscribe((all) => {
    showDirects(all);
    directsHint.hidden = all.length > 0;
    watch(all);
  });
  isSingle.subscribe((single) => {
    find('rooms-hint', HTMLParagraphElement).hidden = !single;
  });
  directs.status.subscribe((status) => {
    directsHint.textContent = directsWords(status);
  });
  open.subscribe(sum);

  const form = find('new-room', HTMLFormElement);
  const name = find('new-room-name', HTMLInputElement);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const id = roomIdOf(name.value);
    if (id === '') return;
    name.value = '';
    location.hash = hrefOf({ kind: 'room', id });
  });
}

function directsWords(status: Status): string {
  if (status.kind === 'absent') return 'This server has none.';
  return status.kind === 'refused' ? `They cannot be read: ${status.why}` : 'None yet.';
}

const keyOf = ({ route }: Conversation): string => hrefOf(route);

function createPlace(
  { route, title, unread }: Conversation,
  { open }: ChatModel,
): Entry<Conversation> {
  const name = el('span', { class: 'name' });
  const count = el('span', { class: 'count', 'data-testid': 'unread' });
  const sign = el('span', { class: 'sign', 'aria-hidden': 'true' });
  const link = el(
    'a',
    { href: hrefOf(route), 'data-testid': `${route.kind}-${route.id}` },
    sign,
    name,
    count,
  );
  title.subscribe((text) => {
    name.textContent = text;
    sign.replaceChildren(route.kind === 'room' ? '#' : avatar(route.id, text));
  });
  unread.subscribe((number) => {
    count.textContent = number > 99 ? '99+' : String(number);
    count.setAttribute('aria-label', `${number} not read`);
    count.hidden = number === 0;
    link.classList.toggle('news', number > 0);
  });
  open.subscribe((now) => {
    if (now.route.kind === route.kind && now.route.id === route.id)
      link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  });
  return { element: el('li', {}, link), show: () => {} };
}
