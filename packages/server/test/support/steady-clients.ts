/**
 * Well-behaved clients under a steady load: all of the channel that attacks know, most on WebSockets, one on an event stream of its own, one a
 * reader. They come from one address, and each message is acknowledged and heard by all.
 */
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';

interface Told {
  readonly t: string;
  readonly s?: number;
  readonly d?: unknown;
}

/** What one of them has heard: serials and data, in the order in which they came. */
interface Ear {
  readonly serials: number[];
  readonly data: unknown[];
}

export interface Round {
  /** From the first publish until everybody has heard all, and each is acknowledged. */
  readonly tookMs: number;
  readonly sent: readonly number[];
  /** By receiver. */
  readonly heard: readonly Ear[];
  /** Frames that no well-behaved client should see. */
  readonly strange: readonly string[];
}

export interface SteadyClients {
  readonly count: number;
  /** Publishes for `durationMs`, in bursts, at {@link perSecond}. */
  round(durationMs: number): Promise<Round>;
  close(): void;
}

/** All of them together: far from what the server can do, and from what one client may. */
export const perSecond = 300;
const burstMs = 10;
const onSockets = 8;
const address = { 'X-Forwarded-For': '7.7.7.7' };
const usual = new Set(['connected', 'attached', 'ack', 'message', 'ping', 'ok']);
const line = (frame: object): string => JSON.stringify(frame);
/** One is named in an attack. */
const nameOf = (index: number): string => (index === 0 ? 'nonce-of-ann' : `steady-${index}`);
const connect = (name: string): object => ({ t: 'connect', r: 0, nonce: name, instance: name, token: name }); // prettier-ignore
const attach = { t: 'attach', r: 1, c: 'pair' };

export async function steadyClients(port: number): Promise<SteadyClients> {
  let ears: Ear[] = [];
  let acks = 0;
  const strange: string[] = [];
  let published = 0;
  let changed = (): void => {};
  const sockets: WebSocket[] = [];
  const requests: ClientRequest[] = [];

  function ended(how: string): void {
    strange.push(how);
    changed();
  }

  /** Takes what comes to one of them. */
  function hearing(index: number, pong: () => void): (told: Told) => void {
    return ({ t, s, d }) => {
      if (!usual.has(t)) ended(t);
      if (t === 'ping') pong();
      if (t === 'ack') acks += 1;
      if (t === 'message') {
        ears[index]?.serials.push(s ?? 0);
        ears[index]?.data.push(d);
      }
      if (t === 'ack' || t === 'message') changed();
    };
  }

  const onSocket = (index: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const url = `ws://127.0.0.1:${port}/anywire`;
      const options = { perMessageDeflate: false, headers: address };
      const socket = new WebSocket(url, ['anywire.v1'], options);
      sockets.push(socket);
      const hear = hearing(index, () => socket.send(line({ t: 'pong' })));
      socket.on('message', (text: Buffer) => {
        for (const each of text.toString().split('\n')) {
          const told = JSON.parse(each) as Told;
          hear(told);
          if (told.t === 'attached') resolve();
        }
      });
      socket.once('open', () => socket.send(`${line(connect(nameOf(index)))}\n${line(attach)}`));
      socket.once('close', (code) => ended(`close ${code}`));
      socket.once('error', reject);
    });

  const post = (path: string, body: string): ClientRequest => {
    const headers = {
      ...address,
      Authorization: 'Bearer steady-sse',
      'Content-Type': 'application/x-ndjson',
    };
    const options = { port, host: '127.0.0.1', agent: false, method: 'POST', headers, path };
    return request(options).end(body);
  };
  const onStream = (index: number, asked: ClientRequest): Promise<void> =>
    new Promise((resolve, reject) => {
      requests.push(asked);
      let session = '';
      const pong = (): void =>
        void post(`/anywire/sse/${session}`, line({ t: 'pong' })).once('response', (answer) => answer.resume()); // prettier-ignore
      const hear = hearing(index, pong);
      asked.once('error', reject);
      asked.once('response', (response: IncomingMessage) => {
        let text = '';
        response.on('error', () => {}); // of the end
        response.once('close', () => ended('the end of a stream'));
        response.setEncoding('utf8').on('data', (chunk: string) => {
          const events = (text + chunk).split('\n\n');
          text = events.pop() ?? '';
          for (const event of events) {
            const [, data = ''] = /^data: (.*)$/m.exec(event) ?? [];
            if (event.startsWith('event: session')) session = data;
            else if (data !== '') hear(JSON.parse(data) as Told);
            if (data.startsWith('{"t":"attached"')) resolve();
          }
        });
      });
    });

  const count = onSockets + 2;
  const read = { port, host: '127.0.0.1', agent: false, headers: address, path: '/anywire/sse?channel=pair' }; // prettier-ignore
  await Promise.all([
    ...Array.from({ length: onSockets }, async (_, index) => onSocket(index)),
    onStream(onSockets, post('/anywire/sse', `${line(connect('steady-sse'))}\n${line(attach)}`)),
    onStream(onSockets + 1, request(read).end()),
  ]);

  return {
    count,
    async round(durationMs) {
      ears = Array.from({ length: count }, () => ({ serials: [], data: [] }));
      acks = 0;
      const all = Math.round((durationMs * perSecond) / 1_000);
      const sent: number[] = [];
      const began = performance.now();
      await new Promise<void>((resolve) => {
        const burst = setInterval(() => {
          // By the clock, not by the bursts: one that comes late has more to send.
          const due = ((performance.now() - began) * perSecond) / 1_000;
          while (sent.length < Math.min(due, all)) publish();
          if (sent.length === all) clearInterval(burst);
        }, burstMs);
        function publish(): void {
          const n = published++;
          const by = n % onSockets;
          const frame = {
            t: 'publish',
            r: n + 2,
            c: 'pair',
            i: `${nameOf(by)}:${n}`,
            e: 'm',
            d: n,
          };
          sockets[by]?.send(line(frame));
          sent.push(n);
        }
        changed = () => {
          const isComplete = acks >= all && ears.every(({ data }) => data.length >= all);
          // What is strange would be waited for in vain.
          if (!isComplete && strange.length === 0) return;
          clearInterval(burst);
          resolve();
        };
      });
      return { tookMs: performance.now() - began, sent, heard: ears, strange };
    },
    close() {
      changed = () => {};
      for (const socket of sockets) socket.terminate();
      for (const asked of requests) asked.destroy();
    },
  };
}
