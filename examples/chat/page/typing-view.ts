/** Shows who else is writing. */
import type { ChatModel } from './chat.ts';
import { find } from './dom.ts';

export function showTyping({ chat, open, room }: ChatModel): void {
  const line = find('typing', HTMLParagraphElement);
  const show = (): void => {
    const ids = open.get().typing?.others.get() ?? [];
    const names = ids.map((id) => room.get().nameOf(id) ?? 'Somebody');
    // What we heard before the connection broke says nothing about now.
    line.textContent = chat.connection.state.get() === 'connected' ? sentence(names) : '';
  };
  let stop = (): void => {};
  open.subscribe(({ typing }) => {
    stop();
    stop = typing?.others.subscribe(show) ?? (() => {});
    show();
  });
  chat.connection.state.subscribe(show);
}

function sentence([first, second, ...others]: readonly string[]): string {
  if (first === undefined) return '';
  if (second === undefined) return `${first} is typing…`;
  return others.length > 0 ? 'Several people are typing…' : `${first} and ${second} are typing…`;
}
