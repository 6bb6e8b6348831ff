/** On a narrow screen the lists at both sides are drawers; one at a time. The style sheet does the rest. */
import { find } from './dom.ts';

export function setUpPanels(): void {
  const chat = find('chat', HTMLDivElement);
  const buttons = ['places', 'people'].map((name) => ({
    name,
    panel: find(name, HTMLElement),
    button: find(`show-${name}`, HTMLButtonElement),
  }));
  const open = (wanted: string | undefined): void => {
    chat.dataset['panel'] = wanted ?? '';
    for (const { name, panel, button } of buttons) {
      const isOpen = name === wanted;
      if (!isOpen && button.ariaExpanded === 'true' && panel.contains(document.activeElement))
        button.focus();
      button.ariaExpanded = String(isOpen);
      if (isOpen) panel.querySelector<HTMLElement>('a, button, input')?.focus();
    }
  };
  for (const { name, button } of buttons) button.addEventListener('click', () => open(name));
  find('backdrop', HTMLButtonElement).addEventListener('click', () => open(undefined));
  addEventListener('hashchange', () => open(undefined));
  addEventListener('keydown', ({ key }) => key === 'Escape' && open(undefined));
}
