/**
 * One recorded call of core on the fake adapter, which a test answers or refuses.
 *
 * A call that nobody answers waits; its `signal` ends it with `aborted`, as the contract demands.
 */
import {
  RealtimeError,
  type AttachedInfo,
  type AttachRequest,
  type Credentials,
  type HistoryPage,
  type HistoryQuery,
  type OpenedInfo,
  type Outbound,
  type PublishOutcome,
} from '@anywire/core';

/** What each call carries. */
export interface FakeCallDetails {
  open: { readonly resume: unknown };
  attach: { readonly channel: string; readonly request: AttachRequest };
  detach: { readonly channel: string };
  publish: { readonly channel: string; readonly batch: readonly Outbound[] };
  enter: { readonly channel: string; readonly data: unknown };
  update: { readonly channel: string; readonly data: unknown };
  leave: { readonly channel: string };
  history: { readonly channel: string; readonly query: HistoryQuery };
  refresh: { readonly credentials: Credentials };
  retryNow: Record<never, never>;
  ping: Record<never, never>;
  close: Record<never, never>;
}

/** What each call can be answered with; without an answer the fake makes a friendly one. */
export interface FakeAnswers {
  /** Reported by `link.opened`. */
  open: Partial<OpenedInfo>;
  /** Reported by `link.attached`, before the promise resolves. */
  attach: AttachedInfo;
  detach: void;
  publish: readonly PublishOutcome[];
  enter: void;
  update: void;
  leave: void;
  history: HistoryPage;
  /** Until when the service accepts the new credentials. */
  refresh: number | undefined;
  retryNow: void;
  ping: void;
  close: void;
}

export type FakeVerb = keyof FakeCallDetails;

interface FakeCallBase<Verb extends FakeVerb> {
  readonly verb: Verb;
  /** Which `open` it belongs to: 0 for the first session. */
  readonly session: number;
  readonly signal: AbortSignal | undefined;
  readonly settled: boolean;
  /** Answers once; without an argument, as the fake would by itself. Later answers do nothing. */
  answer(value?: FakeAnswers[Verb]): void;
  /** Rejects the call; of `open`, reports `link.dropped` with `retry: 'backoff'`. */
  reject(error: RealtimeError): void;
}

/** A recorded call. */
export type FakeCall<Verb extends FakeVerb = FakeVerb> = FakeCallBase<Verb> & FakeCallDetails[Verb];

/** What the adapter does when a call is answered. */
export interface FakeCallEnd<Verb extends FakeVerb> {
  /** Reports to the link and returns what the promise resolves with. */
  perform(value: FakeAnswers[Verb] | undefined): FakeAnswers[Verb];
  refuse?(error: RealtimeError): void;
}

/** Makes the record of a call, and the promise that core gets for it. */
export function recordCall<Verb extends FakeVerb>(
  verb: Verb,
  session: number,
  details: FakeCallDetails[Verb],
  end: FakeCallEnd<Verb>,
  signal?: AbortSignal,
): { call: FakeCall<Verb>; result: Promise<FakeAnswers[Verb]> } {
  let settled = false;
  let resolve: (value: FakeAnswers[Verb]) => void = () => {};
  let reject: (error: RealtimeError) => void = () => {};
  const result = new Promise<FakeAnswers[Verb]>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  result.catch(() => {}); // core may have stopped waiting; that is not an unhandled rejection
  const settle = (act: () => void): void => {
    if (settled) return;
    settled = true;
    signal?.removeEventListener('abort', abort);
    act();
  };
  const base: FakeCallBase<Verb> = {
    verb,
    session,
    signal,
    get settled() {
      return settled;
    },
    answer: (value) => settle(() => resolve(end.perform(value))),
    reject: (error) =>
      settle(() => {
        end.refuse?.(error);
        reject(error);
      }),
  };
  const abort = (): void => base.reject(new RealtimeError('aborted', `${verb} was aborted`));
  if (signal?.aborted) abort();
  else signal?.addEventListener('abort', abort, { once: true });
  return { call: Object.assign(base, details), result };
}
