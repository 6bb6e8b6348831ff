/** A service that does what a test says, and a backend in front of it, in virtual time. */
import { RealtimeError } from '@anywire/core/errors';
import { virtualClock, type VirtualClock } from '@anywire/testkit/clock';
import {
  createBackend,
  type Backend,
  type BackendOptions,
  type Outgoing,
  type Provider,
} from '../src/index.ts';

export interface Scripted {
  readonly backend: Backend;
  readonly clock: VirtualClock;
  /** What the service was given, in its order. */
  readonly sent: {
    readonly channel: string;
    readonly message: Outgoing;
    readonly except: string | undefined;
  }[];
  /** What the next calls answer; then all is well. */
  readonly answers: (Error | 'never')[];
  readonly logged: string[];
  post(
    path: string,
    body: object,
    token?: string,
  ): Promise<{ readonly status: number; readonly body: never }>;
  get(path: string, token?: string): Promise<{ readonly status: number; readonly body: never }>;
}

export const unreachable = (): RealtimeError =>
  new RealtimeError('server_error', 'the service did not answer');

export function scripted(
  options: Partial<BackendOptions> = {},
  more: Partial<Provider> = {},
): Scripted {
  const clock = virtualClock();
  const sent: Scripted['sent'][number][] = [];
  const answers: (Error | 'never')[] = [];
  const logged: string[] = [];
  const provider: Provider = {
    name: 'scripted',
    limits: { payloadBytes: 1_000, batch: 10, presenceBytes: 100 },
    auth: ({ channel, connectionRef, member, clientId }) => ({
      channel,
      connectionRef,
      member,
      clientId,
    }),
    async send({ name: channel }, messages, except) {
      const answer = answers.shift();
      if (answer === 'never') return new Promise(() => {});
      if (answer) throw answer;
      for (const message of messages) sent.push({ channel, message, except });
    },
    ...more,
  };
  const backend = createBackend({
    ...{
      provider,
      clock,
      random: () => 0.5,
      log: (level, text) => logged.push(`${level} ${text}`),
    },
    authenticate: ({ token }) =>
      token === undefined ? {} : token === 'bad' ? null : { clientId: token },
    ...options,
  });
  const ask = async (
    path: string,
    init: RequestInit,
    token: string | undefined,
  ): Promise<{ status: number; body: never }> => {
    const headers = {
      ...(init.headers as object),
      ...(token && { authorization: `Bearer ${token}` }),
    };
    const response = await backend.fetch(
      new Request(`http://app.test/realtime/${path}`, { ...init, headers }),
    );
    const text = await response.text();
    return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as never };
  };
  return {
    ...{ backend, clock, sent, answers, logged },
    post: (path, body, token) =>
      ask(
        path,
        {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        },
        token,
      ),
    get: (path, token) => ask(path, {}, token),
  };
}
