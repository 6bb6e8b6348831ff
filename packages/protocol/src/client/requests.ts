/**
 * Requests and their answers, by number. Each settles: by its answer, by its signal, or with the connection.
 *
 * @see session.test.ts · connection.ts, which hands in the answers
 */
import type {
  AckFrame,
  AttachedFrame,
  ErrorFrame,
  OkFrame,
  PageFrame,
  PongFrame,
} from '../frames.ts';
import type { Payload } from './format.ts';
import type { ErrorMaker, HostError } from './host.ts';

/** The frames that answer a request. */
export type Answer = AckFrame | AttachedFrame | ErrorFrame | OkFrame | PageFrame | PongFrame;

/** Makes something of an answer, or refuses it: then what it returns does not count. */
type Reader<Value, Failure> = (answer: Answer, reject: (failure: Failure) => void) => Value;

export interface Requests<Failure> {
  /**
   * Sends a request; resolves with what `read` makes of its answer. `read` runs while the answer is being read, so
   * what it throws counts as a fault of the server's, and what it reports comes before the next frame.
   */
  ask<Value>(
    type: string,
    members: object,
    read: Reader<Value, Failure>,
    payload?: Payload,
  ): Promise<Value>;
  /** As `ask`, but an `error` rejects, and so does `signal`. */
  request<Value = void>(
    signal: AbortSignal | undefined,
    type: string,
    members: object,
    read?: (answer: Answer) => Value,
  ): Promise<Value>;
  /** What `work` promises, unless `signal` fires before. */
  until<Value>(signal: AbortSignal, work: () => Promise<Value>): Promise<Value>;
  /** Asks for a sign of life; resolves at the next `pong`. */
  ping(): Promise<void>;
  /** Hands an answer to its request; nobody may wait for it any more. */
  settle(answer: Answer): void;
  /** From now on there is a connection, or there is none for the reason given: then everything that waits rejects. */
  connected(failure?: Failure): void;
}

export function createRequests<Failure extends HostError>(
  send: (header: object, payload?: Payload) => void,
  error: ErrorMaker<Failure>,
): Requests<Failure> {
  const pending = new Map<number | undefined, (answer?: Answer, failure?: Failure) => void>();
  let pings: number[] = [];
  let last = 0;
  let refusal: Failure | undefined = error('connection_failed', 'not connected');

  const wait = <Value>(
    header: object,
    read: Reader<Value, Failure>,
    payload?: Payload,
  ): Promise<Value> =>
    new Promise((resolve, reject) => {
      if (refusal) return reject(refusal);
      const r = last;
      pending.set(r, (answer, failure) => {
        if (answer) resolve(read(answer, reject));
        else if (failure) reject(failure);
        pending.delete(r);
      });
      send(header, payload);
    });
  const ask: Requests<Failure>['ask'] = (t, members, read, payload) =>
    wait({ t, r: ++last, ...members }, read, payload);
  const until: Requests<Failure>['until'] = (signal, work) =>
    new Promise((resolve, reject) => {
      const stop = (): void => reject(error('aborted', 'aborted', { cause: signal.reason }));
      if (signal.aborted) return stop();
      signal.addEventListener('abort', stop);
      work()
        .finally(() => signal.removeEventListener('abort', stop))
        .then(resolve, reject);
    });
  return {
    ask,
    until,
    request(signal, type, members, read) {
      const work = (): Promise<never> =>
        ask(type, members, (answer, reject) =>
          answer.t === 'error'
            ? (reject(error(answer.code, answer.message)) as never)
            : (read?.(answer) as never),
        );
      return signal ? until(signal, work) : work();
    },
    ping() {
      pings.push(++last);
      return wait({ t: 'ping' }, () => {});
    },
    settle(answer) {
      // A pong has no number: it answers all pings.
      if (answer.t !== 'pong') return pending.get(answer.r)?.(answer);
      for (const r of pings) pending.get(r)?.(answer);
      pings = [];
    },
    connected(failure) {
      refusal = failure;
      if (failure) for (const settle of pending.values()) settle(undefined, failure);
    },
  };
}
