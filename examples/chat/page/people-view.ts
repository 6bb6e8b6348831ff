/** Shows who is in the room; choosing somebody begins a direct conversation. */
import type { Member } from '@anywire/core';
import type { Person } from '../channels.ts';
import type { ChatModel } from './chat.ts';
import { avatar, el, find, list, type Entry } from './dom.ts';
import { hrefOf } from './route.ts';

interface Here {
  readonly id: string;
  readonly name: string;
  /** Tabs and devices. */
  readonly instances: number;
}

export function showPeople({ chat, room, me }: ChatModel): void {
  const people = find('people', HTMLElement);
  const title = find('people-title', HTMLHeadingElement);
  const hint = find('people-hint', HTMLParagraphElement);
  const show = list(find('members', HTMLUListElement), keyOf, (here) => createMember(here, me.id));

  let stop = (): void => {};
  room.subscribe(({ channel, title: name }) => {
    stop();
    stop = channel.presence.clients.subscribe((clients) => {
      const here = [...clients].map(([id, members]) => personOf(id, members));
      here.sort(
        (a, b) => Number(b.id === me.id) - Number(a.id === me.id) || a.name.localeCompare(b.name),
      );
      show(here);
      title.textContent = `In #${name.get()}`;
    });
  });
  // While the connection is down nobody tells us who comes and goes.
  chat.connection.state.subscribe((state) => {
    people.classList.toggle('stale', state !== 'connected');
    hint.textContent =
      state === 'connected'
        ? 'Choose somebody to write to them alone.'
        : 'As it was when the connection was lost.';
  });
}

function personOf(id: string, members: readonly Member<Person>[]): Here {
  return { id, name: members[0]?.data.name ?? id, instances: members.length };
}

/** A name that changes makes a new element. */
const keyOf = ({ id, name }: Here): string => `${id} ${name}`;

function createMember({ id, name }: Here, ownId: string): Entry<Here> {
  const isOwn = id === ownId;
  const hint = el('span', { class: 'hint' });
  const person = isOwn
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
