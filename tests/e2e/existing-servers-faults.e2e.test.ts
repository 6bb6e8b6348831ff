/**
 * The chat on servers that know nothing of us, as processes behind a network that fails: what is said while a page is cut off
 * is fetched or told, and a server that is killed is found again. Beside it, what only some of them have: people who leave,
 * rooms that are closed, typing, direct messages.
 */
import { chromium, type Browser } from 'playwright';
import { startFaultProxy, type FaultProxy } from '@anywire/testkit/proxy';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ServerName } from '../../examples/existing-servers/servers.ts';
import { rawWs, socketIo } from '../../examples/existing-servers/test/vendor-clients.ts';
import { chromiumArgs, findChromium } from '../chromium.ts';
import { startExisting, type ExistingProcess } from '../support/existing-process.ts';
import { visit, type Visitor } from './chat-page.ts';
import { startChat, type ChatProcess } from './chat-process.ts';

const secret = 'of the chat and of the server that checks its tokens';

/** Says `text` in a room, as a page of the server's own does, on a connection that nobody cuts. */
type Say = (url: string, room: string, text: string) => Promise<unknown>;

const servers: readonly {
  readonly name: ServerName;
  readonly say: Say;
  /** What was missed is asked for. */
  readonly fetches?: true;
}[] = [
  {
    name: 'tutorial-rooms',
    async say(url, room, message) {
      const { socket, heard } = await socketIo(url);
      socket.emit('join_room', { room, username: 'Vic' });
      socket.emit('send_message', { room, username: 'Vic', message });
      await heard('new_message');
      socket.disconnect();
    },
  },
  {
    name: 'room-events',
    fetches: true,
    async say(url, room, text) {
      const { socket } = await socketIo(url, { auth: { userId: 'vic', username: 'Vic' } });
      await socket.emitWithAck('message:send', { room, text });
      socket.disconnect();
    },
  },
  {
    name: 'one-room',
    async say(url, room, text) {
      const [vic, witness] = [await socketIo(url), await socketIo(url)];
      for (const { socket, heard } of [witness, vic]) {
        socket.emit('join-room', room, 'Vic');
        await heard('room-users');
      }
      vic.socket.emit('chat-message', text);
      await witness.heard('chat-message');
      for (const { socket } of [vic, witness]) socket.disconnect();
    },
  },
  {
    name: 'notifications',
    say: (url, topic, message) =>
      fetch(`${url}/notify`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', connection: 'close' },
        body: JSON.stringify({ topic, type: 'message', message }),
      }).then((response) => response.text()),
  },
  {
    name: 'raw-ws',
    async say(url, room, content) {
      const [vic, witness] = [await rawWs(url), await rawWs(url)];
      for (const { send, next } of [witness, vic]) {
        send({ type: 'join', room });
        await next();
      }
      vic.send({ type: 'message', room, content, username: 'Vic' });
      await witness.next();
      for (const { socket } of [vic, witness]) socket.close();
    },
  },
];

const running = new Map<ServerName, ExistingProcess>();
const proxies = new Map<ServerName, FaultProxy>();
let chat: ChatProcess;
let browser: Browser;
let visitors: Visitor[] = [];

beforeAll(async () => {
  const executablePath = findChromium();
  if (!executablePath) throw new Error('there is no Chromium');
  const backends: string[] = [];
  for (const { name } of servers) {
    const server = await startExisting(name, { secret });
    const proxy = await startFaultProxy({ target: { port: server.port } });
    running.set(name, server);
    proxies.set(name, proxy);
    backends.push(`${name}=${new URL(server.url).protocol}//127.0.0.1:${proxy.port}`);
  }
  [chat, browser] = await Promise.all([
    startChat({ backends: backends.join(' '), secret }),
    chromium.launch({ executablePath, args: chromiumArgs }),
  ]);
});

afterEach(async () => {
  await Promise.all(visitors.map((visitor) => visitor.close()));
  visitors = [];
});

afterAll(async () => {
  await browser.close();
  for (const proxy of proxies.values()) await proxy.close();
  await Promise.all([...running.values()].map((server) => server.kill()));
  await chat.stop();
});

/** Opens a room, each in a browser of their own, and waits until it can be read. */
async function meet(
  backend: ServerName,
  room: string,
  ...names: readonly string[]
): Promise<readonly Visitor[]> {
  const url = `${chat.url}/?backend=${backend}#/room/${room}`;
  const opened = await Promise.all(names.map((name) => visit(browser, url, name)));
  visitors.push(...opened);
  await Promise.all(opened.map(ready));
  return opened;
}

const ready = ({ page }: Visitor): Promise<void> =>
  page.locator('#empty[data-status=ready]').waitFor({ state: 'attached' });

const texts = ({ page }: Visitor): Promise<string[]> => page.getByTestId('text').allTextContents();
const gaps = ({ page }: Visitor): Promise<number> => page.getByTestId('gap').count();

/** The id under which the chat knows somebody. */
const idOf = ({ page }: Visitor): Promise<string> =>
  page.evaluate(
    () => (JSON.parse(localStorage.getItem('anywire-chat.profile') ?? '{}') as { id: string }).id,
  );

describe.each(servers)('the chat on $name', ({ name, say, fetches = false }) => {
  it('hides nothing of a cut, nor of a server that was killed', async () => {
    const proxy = proxies.get(name)!;
    const { url, port } = running.get(name)!;
    const [ann] = (await meet(name, 'cut', 'Ann')) as [Visitor];
    await say(url, 'cut', 'Before');
    await ann.sees('Before');

    proxy.refuse();
    proxy.cut();
    await ann.connection('reconnecting');
    await say(url, 'cut', 'Missed');
    proxy.heal();
    await ann.connection('connected');
    if (fetches) await ann.sees('Missed');
    else await ann.page.getByTestId('gap').getByText('may be missing').waitFor();
    await ready(ann);
    await say(url, 'cut', 'After');
    await ann.sees('After');
    expect(await texts(ann)).toEqual(['Before', ...(fetches ? ['Missed'] : []), 'After']);
    expect(await gaps(ann)).toBe(fetches ? 0 : 1);

    await running.get(name)!.kill();
    await ann.connection('reconnecting');
    running.set(name, await startExisting(name, { port, secret }));
    await ann.connection('connected');
    // A server that has forgotten everything cannot fill a gap.
    await expect.poll(() => gaps(ann), { timeout: 10_000 }).toBe(fetches ? 1 : 2);
    await ready(ann);
    await say(url, 'cut', 'Back again');
    await ann.sees('Back again');
  });
});

describe.each(['tutorial-rooms', 'room-events'] as const)('people on %s', (name) => {
  it('come and go: one whose page is closed is not shown any more', async () => {
    const [ann, bob] = (await meet(name, 'people', 'Ann', 'Bob')) as [Visitor, Visitor];
    await Promise.all([ann, bob].map((visitor) => visitor.people('Ann', 'Bob')));
    const [cid] = (await meet(name, 'people', 'Cid')) as [Visitor];
    await Promise.all([ann, bob, cid].map((visitor) => visitor.people('Ann', 'Bob', 'Cid')));
    await bob.close();
    visitors = [ann, cid];
    // The server does not say whether somebody left or was lost, so core waits.
    const shown = ann.page.getByTestId('member').locator('.name');
    await expect
      .poll(async () => (await shown.allTextContents()).sort(), { timeout: 20_000 })
      .toEqual(['Ann', 'Cid']);
  });
});

describe('a room of room-events that is not for everybody', () => {
  it('says so, and the others can be used', async () => {
    const url = `${chat.url}/?backend=room-events#/room/staff`;
    const ann = await visit(browser, url, 'Ann');
    visitors.push(ann);
    await ann.page.getByText('This cannot be read: Access denied').waitFor();
    await ann.say('Let me in');
    await ann.sees('Let me in', 'failed');
    await ann.page.getByTestId('room-lobby').click();
    await ready(ann);
    await ann.say('Nothing happened');
    await ann.sees('Nothing happened', 'sent');
  });
});

describe('direct messages and typing', () => {
  it('one-room: typing is seen, and what is written to one socket is read by nobody else', async () => {
    const [ann, bob, eve] = (await meet('one-room', 'talk', 'Ann', 'Bob', 'Eve')) as [
      Visitor,
      Visitor,
      Visitor,
    ];
    await Promise.all([ann, bob, eve].map((visitor) => visitor.people('Ann', 'Bob', 'Eve')));
    await ann.page.getByTestId('composer').pressSequentially('Hm');
    await bob.page.getByText('Ann is typing…').waitFor();
    await ann.page.getByTestId('members').getByText('Bob').click();
    await ann.page.getByRole('heading', { name: 'Bob', exact: true }).waitFor();
    await ann.say('Only for you');
    await ann.sees('Only for you', 'sent');
    const fromAnn = bob.page.locator('#directs').getByText('Ann');
    await fromAnn.click();
    await bob.page.getByRole('heading', { name: 'Ann', exact: true }).waitFor();
    await bob.sees('Only for you');
    await bob.say('Thank you');
    await ann.sees('Thank you');
    expect(await eve.page.getByText('Only for you').count()).toBe(0);
  });

  it('notifications: what is written to one user is read by nobody else, and typing is no notification', async () => {
    const [ann, bob, eve] = (await meet('notifications', 'talk', 'Ann', 'Bob', 'Eve')) as [
      Visitor,
      Visitor,
      Visitor,
    ];
    const [annId, bobId] = await Promise.all([idOf(ann), idOf(bob)]);
    await ann.page.getByTestId('composer').pressSequentially('Hm');
    await ann.say('Hm');
    await bob.sees('Hm');
    expect(await texts(bob)).toEqual(['Hm']);
    expect(await bob.page.getByTestId('typing').textContent()).toBe('');

    await ann.page.evaluate((id) => void (location.hash = `#/direct/${id}`), bobId);
    await ann.say('Only for you');
    await ann.sees('Only for you', 'sent');
    await bob.page.getByTestId(`direct-${annId}`).click();
    await bob.page.getByRole('heading', { name: 'Ann', exact: true }).waitFor();
    await bob.sees('Only for you');
    await bob.say('Thank you');
    await ann.sees('Thank you');
    expect(await eve.page.getByText('Only for you').count()).toBe(0);
  });
});
