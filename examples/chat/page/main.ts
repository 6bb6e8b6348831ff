/** The page: asks for a name, then shows the chat. Each part of the screen has a module of its own. */
import { loadBackend, type Backend } from './backend.ts';
import { createChat, type ChatModel } from './chat.ts';
import { showComposer } from './composer-view.ts';
import { showConnection } from './connection-view.ts';
import { avatar, el, find } from './dom.ts';
import { showHeading } from './heading-view.ts';
import { showLog } from './log-view.ts';
import { setUpPanels } from './panels.ts';
import { showPeople } from './people-view.ts';
import { showPlaces } from './places-view.ts';
import { forgetProfile, savedProfile, signIn, type Profile } from './profile.ts';
import { watchRoute } from './route.ts';
import { showTyping } from './typing-view.ts';

const profile = savedProfile();
if (profile) void start(profile);
else askName();

function askName(): void {
  const form = find('sign-in-form', HTMLFormElement);
  const name = find('name', HTMLInputElement);
  const problem = find('sign-in-problem', HTMLParagraphElement);
  find('sign-in', HTMLElement).hidden = false;
  name.focus();
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    problem.textContent = '';
    signIn(name.value).then(
      (signedIn) => {
        find('sign-in', HTMLElement).hidden = true;
        return start(signedIn);
      },
      (error: Error) => {
        problem.textContent = error.message;
      },
    );
  });
}

async function start(me: Profile): Promise<void> {
  try {
    startChat(me, await loadBackend(me));
  } catch (error) {
    const fallback = find('fallback', HTMLParagraphElement);
    fallback.textContent = (error as Error).message;
    fallback.hidden = false;
  }
}

function startChat(me: Profile, backend: Backend): void {
  find('chat', HTMLDivElement).hidden = false;
  const model = createChat(me, backend);
  setUpPanels();
  watchRoute((route) => model.go(route));
  for (const show of [
    showHeading,
    showMe,
    showPlaces,
    showConnection,
    showLog,
    showPeople,
    showTyping,
    showComposer,
  ])
    show(model);
  addEventListener('beforeunload', (event) => {
    // Whoever leaves now loses what has not been sent.
    if (model.chat.outbox.entries.get().length > 0) event.preventDefault();
  });
}

function showMe({ me, close }: ChatModel): void {
  const leave = (): void => {
    forgetProfile();
    void close().finally(() => location.reload());
  };
  find('me', HTMLDivElement).append(
    avatar(me.id, me.name),
    el('span', { class: 'name' }, me.name),
    el('button', { type: 'button', onclick: leave, 'data-testid': 'sign-out' }, 'Sign out'),
  );
}
