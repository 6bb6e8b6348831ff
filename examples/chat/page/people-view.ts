/** Shows who is in the room, where the backend tells; choosing somebody begins a direct conversation. */
import type { ChatModel } from './chat.ts';
import { avatar, el, find, list, type Entry } from './dom.ts';
import { hrefOf } from './route.ts';

interface Here {
  readonly id: string;
  readonly name: string;
  /** Tabs and devices. */
  readonly instances: number;
  readonly isOwn: boolean;
  readonly canWrite: boolean;
}

export function showPeople({ chat, room, directs, isMe }: ChatModel): void {
  const people = find('people', HTMLElement);
  const title = find('people-title', HTMLHeadingElement);
  const hint = find('people-hint', HTMLParagraphElement);
  const show = list(find('members', HTMLUListElement), keyOf, createMember);

  let stop = (): void => {};
  const showAll = (): void => {
    const now = room.get();
    const canWrite = directs.status.get().kind !== 'absent';
    const here = [...(now.people.get() ?? [])].map(([id, members]): Here => {
      const name = members[0]?.data.name ?? id;
      return { id, name, instances: members.length, isOwn: isMe(id), canWrite };
    });
    here.sort((a, b) => Number(b.isOwn) - Number(a.isOwn) || a.name.localeCompare(b.name));
    show(here);
    title.textContent = `In #${now.title.get()}`;
    // While the connection is down nobody tells us who comes and goes.
    const isLive = chat.connection.state.get() === 'connected';
    people.classList.toggle('stale', !isLive);
    if (!now.people.get()) hint.textContent = 'This server does not tell who is here.';
    else if (!isLive) hint.textContent = 'As it was when the connection was lost.';
    else hint.textContent = canWrite ? 'Choose somebody to write to them alone.' : '';
  };
  room.subscribe((now) => {
    stop();
    stop = now.people.subscribe(showAll);
  });
  chat.connection.state.subscribe(showAll);
  directs.status.subscribe(showAll);
}

/** What changes rarely makes a new element. */
const keyOf = ({ id, name, isOwn, canWrite }: Here): string => `${id} ${name} ${isOwn} ${canWrite}`;

function createMember({ id, name, isOwn, canWrite }: Here): Entry<Here> {
  const hint = el('span', { class: 'hint' });
  const person =
    isOwn || !canWrite
      ? el('span', { class: 'person' })
      : el('a', {
          class: 'person',
          href: hrefOf({ kind: 'direct', id }),
          title: `Write to ${name}`,
        });
  person.append(avatar(id, name), el('span', { class: 'name' }, name), hint);
  return {
    element: el('li', { 'data-testid': 'member', 'data-id': id }, person),
    show({ instances }) {
      const facts = [...(isOwn ? ['you'] : []), ...(instances > 1 ? [`${instances} tabs`] : [])];
      hint.textContent = facts.join(', ');
    },
  };
}
