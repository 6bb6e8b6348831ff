/**
 * Whether the engine answers, for who asks if this server is ready. Every call passes here and is left as it is.
 *
 * A failure counts for 10 s after the last one, unless something succeeds before: a server that a load balancer has
 * taken out gets no calls any more, and would otherwise stay out for ever.
 *
 * @see health.ts · engine-watch.test.ts
 */
import { RealtimeError } from '@anywire/core/errors';
import type { Clock } from './clock.ts';
import type { Engine, EngineHost } from './engine.ts';
import { isPromise, type MaybePromise } from './flow.ts';

/** How long a failure counts, in ms. */
const failureMs = 10_000;

export type EngineState = 'starting' | 'ok' | 'failing';

export interface EngineWatch {
  /** The engine, watched. */
  readonly engine: Engine;
  /** Opens the engine. The same promise each time. @throws what the engine throws */
  open(host: EngineHost): Promise<void>;
  state(): EngineState;
}

export function watchEngine(engine: Engine, clock: Clock): EngineWatch {
  let life: EngineState = 'starting';
  let failedAt: number | undefined;
  let opened: Promise<void> | undefined;

  const answered = (): void => {
    failedAt = undefined;
  };
  const failed = (error: unknown): void => {
    if (isFailure(error)) failedAt = clock.now();
  };

  function watched<Args extends unknown[], Answer>(
    call: (...args: Args) => MaybePromise<Answer>,
  ): (...args: Args) => MaybePromise<Answer> {
    return (...args) => {
      let answer;
      try {
        answer = call.apply(engine, args);
      } catch (error) {
        failed(error);
        throw error;
      }
      if (isPromise(answer)) void answer.then(answered, failed);
      else answered();
      return answer;
    };
  }

  async function open(host: EngineHost): Promise<void> {
    try {
      await engine.open(host);
      life = 'ok';
    } catch (error) {
      life = 'failing';
      throw error;
    }
  }

  return {
    engine: {
      name: engine.name,
      open: (host) => engine.open(host),
      subscribe: watched(engine.subscribe),
      unsubscribe: watched(engine.unsubscribe),
      append: watched(engine.append),
      broadcast: watched(engine.broadcast),
      read: watched(engine.read),
      enter: watched(engine.enter),
      leave: watched(engine.leave),
      members: watched(engine.members),
      claim: watched(engine.claim),
      release: watched(engine.release),
      close: () => engine.close(),
    },
    open: (host) => (opened ??= open(host)),
    state() {
      if (life !== 'ok') return life;
      return failedAt !== undefined && clock.now() - failedAt < failureMs ? 'failing' : 'ok';
    },
  };
}

/** What an engine refuses because of the call itself is an answer. */
function isFailure(error: unknown): boolean {
  return !RealtimeError.is(error) || error.code === 'server_error';
}
