/** The field in which one writes; each conversation keeps its draft. */
import type { ChatModel } from './chat.ts';
import type { Conversation } from './conversation.ts';
import { find } from './dom.ts';

export function showComposer({ open }: ChatModel): void {
  const form = find('composer', HTMLFormElement);
  const text = find('text', HTMLTextAreaElement);
  const send = find('send', HTMLButtonElement);
  const drafts = new Map<Conversation, string>();

  const submit = (): void => {
    const given = text.value.trim();
    text.value = '';
    if (given !== '') open.get().send(given);
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
    text.focus();
  });
  text.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  text.addEventListener('input', () => {
    drafts.set(open.get(), text.value);
    open.get().typing?.input(text.value.trim() === '');
  });

  let stop = (): void => {};
  open.subscribe((conversation) => {
    stop();
    text.value = drafts.get(conversation) ?? '';
    // On a small screen this would open the keyboard over what one came to read.
    if (matchMedia('(width >= 900px)').matches) text.focus();
    const show = (): void => {
      const title = conversation.title.get();
      const { kind } = conversation.route;
      text.disabled = send.disabled = !conversation.canWrite();
      if (text.disabled) text.placeholder = 'This server takes no messages here';
      else text.placeholder = kind === 'room' ? `Message #${title}` : `Message ${title} alone`;
    };
    const stopTitle = conversation.title.subscribe(show);
    const stopStatus = conversation.status.subscribe(show);
    stop = () => {
      stopTitle();
      stopStatus();
    };
  });
}
