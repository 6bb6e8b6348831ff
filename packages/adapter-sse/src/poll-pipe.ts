/**
 * Long polling: each request is a whole connection (an exchange), and to the session all of them are one.
 *
 * One exchange listens, and is begun anew with what has changed; another one, beside it, publishes and asks. An answer is
 * taken whole or not at all, so an exchange that broke is the same as one that never was. A break of any of them ends the
 * pipe: core comes back with its own cursors, and tells the app the truth.
 *
 * @see docs/protocol.md#http · poll-pipe.test.ts · poll-channels.ts for what is said again
 */
import type { Clock } from '@anywire/core';
import type { ConnectFrame } from '@anywire/protocol';
import type { Pipe, PipeEvents } from '@anywire/protocol/client';
import type { Access, Endpoint } from './endpoint.ts';
import { exchange, type Heard } from './exchange.ts';
import { createLifetime } from './lifetime.ts';
import { createPollChannels, type Control, type PollChannels } from './poll-channels.ts';
import { unreachable } from './refusal.ts';
import { takeJoined } from './upstream.ts';

/** Frames that change what is listened to. */
const controls: ReadonlySet<string> = new Set(['attach', 'detach', 'enter', 'update', 'leave']);

/**
 * How long an exchange lasts at least, in ms, by what it brought; when two in a row are shorter, the next one waits. Without
 * news a server may answer at once for ever. Stored messages wait for us, and servers count requests. Members and volatile messages
 * do not wait: what they did between two exchanges is lost, or told as a sum.
 */
const leastMs = { nothing: 1_000, stored: 50, live: 0 } as const;

export function openPoll(
  endpoint: Endpoint,
  access: Access,
  clock: Clock,
  events: PipeEvents,
): Pipe {
  const life = createLifetime(events, clock);
  const { signal, ended } = life;
  let connect!: ConnectFrame;
  let channels!: PollChannels;
  /** Of the server; 0 until the first answer. */
  let heartbeatMs = 0;
  /** Requests of the session about what is listened to, which are not answered. */
  let waiting: Control[] = [];
  /** All others. */
  const beside: string[] = [];
  let asking: Promise<void> | undefined;
  /** Nothing of `waiting` is left, or nobody will answer it any more. */
  let heardAll = (): void => {};
  /** The exchange that listens: `urgent` carries requests and is answered soon, `idle` may be put aside for another. */
  let listening: { readonly abort: AbortController; readonly kind: 'urgent' | 'idle' } | undefined;
  /** The last one was answered at once. */
  let isEarly = false;
  let cancelPause = (): void => {};

  const failed = (cause: unknown): void => ended(unreachable(endpoint, cause));
  const stopListening = (): void => {
    cancelPause();
    listening?.abort.abort();
  };
  signal.addEventListener('abort', () => {
    stopListening();
    heardAll();
  });

  const send = (lines: readonly string[], waitMs: number, given: AbortSignal) =>
    exchange(endpoint, events, {
      ...{ connect, lines, waitMs, signal: given, ended },
      connected({ frame, line }) {
        if (frame.t !== 'connected' || given.aborted) return;
        connect = { ...connect, resume: frame.resume };
        if (heartbeatMs) return events.alive();
        heartbeatMs = frame.heartbeatMs;
        events.received(line);
      },
    });
  const tell = (lines: readonly string[]): void => {
    if (lines.length > 0 && !signal.aborted) events.received(lines.join('\n'));
  };

  /** Begins to listen anew, unless what listens now is about to be answered. */
  const listen = (): void => {
    if (listening?.kind === 'urgent' || signal.aborted) return;
    stopListening();
    const asked = [...waiting];
    const abort = new AbortController();
    const own = { abort, kind: asked.length > 0 ? 'urgent' : 'idle' } as const;
    listening = own;
    const lines = [...channels.frames(asked), ...asked].map((frame) => JSON.stringify(frame));
    const startedAt = endpoint.now();
    send(lines, asked.length > 0 || lines.length === 0 ? 0 : heartbeatMs, abort.signal)
      .then((answers) => {
        if (abort.signal.aborted || !answers) return;
        listening = undefined;
        waiting = waiting.slice(asked.length);
        const news = hear(answers, asked);
        if (waiting.length === 0) heardAll();
        if (signal.aborted || listening) return;
        const isAgain = isEarly;
        const tookMs = endpoint.now() - startedAt;
        isEarly = asked.length === 0 && tookMs < leastMs[news];
        if (waiting.length > 0 || asked.length > 0) return listen();
        const soonMs = isEarly && isAgain ? leastMs[news] - tookMs : 0;
        const nextMs = channels.size === 0 ? heartbeatMs : soonMs;
        if (nextMs > 0) cancelPause = clock.schedule(listen, nextMs);
        else listen();
      })
      .catch((cause: unknown) => {
        if (!abort.signal.aborted) failed(cause);
      });
  };

  /** Hands on what the session has not heard, and says what there was besides members that are known. */
  const hear = (
    answers: readonly Heard[],
    asked: readonly Control[],
  ): 'nothing' | 'stored' | 'live' => {
    const byNumber = new Map(asked.map((frame) => [frame.r, frame]));
    const lines: string[] = [];
    let news: 'nothing' | 'stored' | 'live' = 'nothing';
    for (const { frame, line } of answers) {
      const isStored = frame.t === 'message' && frame.s !== undefined;
      // Also one of our own that the session does not hear.
      if (isStored && news === 'nothing') news = 'stored';
      const isKnown = isStored || channels.knows(frame);
      const control = 'r' in frame ? byNumber.get(frame.r) : undefined;
      for (const one of channels.heard(frame, control)) {
        lines.push(one === frame ? line : JSON.stringify(one));
        if (!isKnown) news = 'live';
      }
    }
    tell(lines);
    return news;
  };

  /** One exchange at a time, so that order holds; what waits meanwhile travels together. */
  const ask = async (): Promise<void> => {
    while (beside.length > 0) {
      // A publish that overtakes the attach before it would not be heard by the one who said both.
      if (waiting.length > 0) await new Promise<void>((resolve) => (heardAll = resolve));
      if (signal.aborted) return;
      const answers = await send(takeJoined(beside), 0, signal);
      if (!answers) return;
      tell(answers.map(({ line }) => line));
    }
    asking = undefined;
  };

  access.renewed = listen;
  return {
    send(message) {
      for (const line of (message as string).split('\n')) {
        // Our own session writes the type first.
        const [, type = ''] = /^\{"t":"(\w+)"/.exec(line) ?? [];
        if (type === 'connect') {
          connect = JSON.parse(line) as ConnectFrame;
          channels = createPollChannels(connect.nonce, (reason) => ended({ code: 1006, reason }));
          listen();
        } else if (type === 'bye') {
          stopListening();
          waiting = [];
          heardAll();
          for (const frame of channels.farewell()) beside.push(JSON.stringify(frame));
          beside.push(line);
        } else if (controls.has(type)) waiting.push(JSON.parse(line) as Control);
        else if (type !== 'pong') beside.push(line);
      }
      if (waiting.length > 0) listen();
      if (beside.length > 0) asking ??= ask().catch(failed);
    },
    close: (code, reason) => life.close({ code, reason }, asking),
  };
}
