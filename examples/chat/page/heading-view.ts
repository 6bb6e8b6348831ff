/** Shows which conversation is open, and how many take part. */
import type { ChatModel } from './chat.ts';
import { find } from './dom.ts';

export function showHeading({ chat, open, room }: ChatModel): void {
  const title = find('title', HTMLHeadingElement);
  const subtitle = find('subtitle', HTMLParagraphElement);
  const show = (): void => {
    const { route, title: name } = open.get();
    const isRoom = route.kind === 'room';
    title.textContent = isRoom ? `# ${name.get()}` : name.get();
    subtitle.textContent = isRoom ? membersWords() : 'Only the two of you';
  };
  // While the connection is down we only know who was here.
  const membersWords = (): string => {
    const people = room.get().people.get();
    if (!people) return 'Who is here is not told';
    const { size } = people;
    const isLive = chat.connection.state.get() === 'connected';
    if (size === 0) return isLive ? 'Looking who is here…' : '';
    return `${size} ${isLive ? 'here now' : 'were here'}`;
  };

  let stop = (): void => {};
  open.subscribe((conversation) => {
    stop();
    const stopTitle = conversation.title.subscribe(show);
    const stopPeople = room.get().people.subscribe(show);
    stop = () => {
      stopTitle();
      stopPeople();
    };
  });
  chat.connection.state.subscribe(show);
}
