/** What core would hear of a session, for tests that open one by hand. */
import type { Adapter, Drop, Link, OpenedInfo } from '@anywire/core';
import { systemClock } from '../../core/src/clock.ts';

export interface Heard {
  readonly link: Link;
  readonly opened: Promise<OpenedInfo>;
  readonly dropped: Promise<Drop>;
  readonly drops: Drop[];
  /** All other calls: `[method, ...arguments]`. */
  readonly calls: unknown[][];
  /** Resolves when a call of this method came, with its arguments; each call is given out once. */
  call(method: string): Promise<unknown[]>;
}

function deferred<Value>(): { promise: Promise<Value>; resolve: (value: Value) => void } {
  let resolve!: (value: Value) => void;
  const promise = new Promise<Value>((resolver) => (resolve = resolver));
  return { promise, resolve };
}

/** @param token - Of each `authorize`. */
export function listen({
  token = 'token-of-ann',
  clock = systemClock,
}: { token?: string; clock?: Link['clock'] } = {}): Heard {
  const opened = deferred<OpenedInfo>();
  const dropped = deferred<Drop>();
  const drops: Drop[] = [];
  const calls: unknown[][] = [];
  const unread: unknown[][] = [];
  const takers = new Set<() => void>();
  const hear =
    (method: string) =>
    (...given: unknown[]): void => {
      calls.push([method, ...given]);
      unread.push([method, ...given]);
      for (const look of takers) look();
    };
  const link: Link = {
    opened: opened.resolve,
    dropped(drop) {
      drops.push(drop);
      dropped.resolve(drop);
    },
    ...{ attached: hear('attached'), replayed: hear('replayed'), detached: hear('detached') },
    ...{ received: hear('received'), presence: hear('presence'), report: hear('report') },
    alive: hear('alive'),
    authorize: () => Promise.resolve({ token }),
    nonce: 'nonce-ann',
    clientId: undefined,
    secret: 'secret-of-this-client',
    instanceId: 'tab-1',
    clock,
    random: () => 0.5,
    log: () => {},
  };
  return {
    ...{ link, drops, calls, opened: opened.promise, dropped: dropped.promise },
    call: (method) =>
      new Promise((resolve) => {
        const look = (): void => {
          const at = unread.findIndex(([name]) => name === method);
          if (at < 0) return;
          takers.delete(look);
          resolve((unread.splice(at, 1)[0] as unknown[]).slice(1));
        };
        takers.add(look);
        look();
      }),
  };
}

export const connectFrame = {
  ...{ t: 'connect', r: 0, nonce: 'nonce-ann', instance: 'tab-1' },
  resume: 'secret-of-this-client',
};

export const connected = {
  ...{ t: 'connected', r: 0, connection: 'c1', client: 'ann', resume: 'r1' },
  ...{ heartbeatMs: 25_000, limits: { payloadBytes: 1_024 } },
};

export const attachedFrame = (r: number, cursor = 'e1:0:', more: object = {}): object => ({
  ...{ t: 'attached', r, c: 'room', continuity: 'initial', cursor, backlog: false },
  ...more,
});

export const message = (s: number, more: object = {}): object => ({
  ...{ t: 'message', c: 'room', s, i: `nonce-bob:${s}`, e: 'said', u: 'bob', ts: 1 },
  ...{ d: s, ...more },
});

export const never: AbortSignal = new AbortController().signal;

export const outbound = (counter: number) => ({
  ...{ id: `nonce-ann:${counter}`, event: 'said', volatile: false },
  ...{ data: counter, json: String(counter) },
});

export const plain: Parameters<ReturnType<Adapter['open']>['attach']>[1] = {
  ...{ presence: 'none', echo: true, signal: never },
  spec: { name: 'room', kind: 'private', history: true, presence: true },
};
