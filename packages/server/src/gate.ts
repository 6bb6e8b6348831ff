/**
 * Asks the app, and makes sure that it answers: a throw, a wrong answer or none in time is a no. Nothing that a
 * hook throws reaches a client, except a RealtimeError, which it threw for that.
 *
 * @see hooks.ts for what is asked · connect.test.ts · dispatch.test.ts
 */
import { RealtimeError } from '@anywire/core/errors';
import { background } from './background.ts';
import { deadlines, type Deadlines } from './deadlines.ts';
import type { Clock } from './clock.ts';
import { isPromise, type MaybePromise } from './flow.ts';
import type {
  AuthenticateRequest,
  AuthorizeRequest,
  Grant,
  Hooks,
  Identity,
  PublishRequest,
} from './hooks.ts';
import type { Log } from './log.ts';
import { redact } from './redact.ts';

export interface Gate {
  /** @throws {RealtimeError} auth_failed, auth_denied, token_expired */
  authenticate(request: AuthenticateRequest): MaybePromise<Identity>;
  /** @throws {RealtimeError} forbidden */
  authorize(request: AuthorizeRequest): MaybePromise<Grant>;
  /** The message as it shall be stored. @throws {RealtimeError} what the hook threw, else server_error */
  publish(message: PublishRequest): MaybePromise<{ event: string; data: unknown }>;
  /** Tells the app something; its errors are logged. */
  tell(hook: string, call: () => unknown): void;
  readonly asksBeforePublish: boolean;
  close(): void;
}

const granted: Grant = {};

/** @param timeoutMs - How long a hook may take. */
export function createGate(hooks: Hooks, clock: Clock, timeoutMs: number, log: Log): Gate {
  const late: Deadlines = deadlines(clock, timeoutMs);

  /** Calls a hook; what goes wrong is turned into a RealtimeError by `refuse`. */
  function ask<Answer, Result>(
    hook: string,
    call: () => Answer | PromiseLike<Answer>,
    accept: (answer: Answer) => Result,
    refuse: (error: unknown) => RealtimeError,
  ): MaybePromise<Result> {
    const failed = (error: unknown): never => {
      const refusal = refuse(error);
      log('debug', `${hook} refused`, { code: refusal.code });
      throw refusal;
    };
    try {
      const answer = call();
      if (!isPromise(answer)) return accept(answer);
      const noAnswer = (): Error => new Error(`${hook} did not answer in ${timeoutMs} ms`);
      return late.within(answer, noAnswer).then(accept).catch(failed);
    } catch (error) {
      return failed(error);
    }
  }

  return {
    authenticate: (request) =>
      hooks.authenticate
        ? ask(
            'authenticate',
            () => hooks.authenticate?.(request),
            (identity) => usable(identity, clock.now()),
            (error) => refusedToken(error, request, log),
          )
        : {},
    authorize: (request) =>
      hooks.authorize
        ? ask(
            'authorize',
            () => hooks.authorize?.(request),
            (answer) => grantOf(answer, request, clock.now()),
            (error) => forbidden(error, request, log),
          )
        : granted,
    publish: ({ event, data, ...rest }) =>
      hooks.onPublish
        ? ask(
            'onPublish',
            () => hooks.onPublish?.({ event, data, ...rest }),
            (answer) => ({ event, data, ...answer }),
            (error) => refusedMessage(error, rest.channel, log),
          )
        : { event, data },
    tell: (hook, call) => background(log, hook, call),
    asksBeforePublish: hooks.authorize !== undefined || hooks.onPublish !== undefined,
    close: () => late.close(),
  };
}

// --- answers ---

function usable(identity: Identity | null | undefined, now: number): Identity {
  if (typeof identity !== 'object' || identity === null)
    throw new RealtimeError('auth_failed', 'the token was refused');
  const { clientId, expiresAt } = identity;
  if (clientId !== undefined && (typeof clientId !== 'string' || clientId === ''))
    throw new Error('authenticate answered a clientId that is not a text');
  if (expiresAt !== undefined && !Number.isFinite(expiresAt))
    throw new Error('authenticate answered an expiresAt that is not a time in ms');
  if (expiresAt !== undefined && expiresAt <= now)
    throw new RealtimeError('token_expired', 'the token has expired');
  return identity;
}

function grantOf(
  answer: boolean | Grant | null | undefined,
  request: AuthorizeRequest,
  now: number,
): Grant {
  if (answer === true) return granted;
  if (typeof answer !== 'object' || answer === null) throw no(request);
  if (answer.expiresAt !== undefined && !(answer.expiresAt > now)) throw no(request);
  return answer;
}

// --- refusals ---

const tokenCodes = new Set(['auth_failed', 'auth_denied', 'token_expired']);

function refusedToken(
  error: unknown,
  { token, request }: AuthenticateRequest,
  log: Log,
): RealtimeError {
  if (RealtimeError.is(error) && tokenCodes.has(error.code)) return error;
  const said = error instanceof Error ? error.message : String(error);
  const { cookie, authorization } = request?.headers ?? {};
  const query = request?.url.split('?')[1];
  const secrets = [token, query, ...[cookie ?? []].flat(), ...[authorization ?? []].flat()];
  log('warn', 'authenticate failed', { reason: redact(said, secrets) });
  return new RealtimeError('auth_failed', 'the token was refused');
}

function no({ action, event }: AuthorizeRequest): RealtimeError {
  const what = action === 'publish' || event === undefined ? action : `${action} (${event})`;
  return new RealtimeError('forbidden', `this client may not do this here: ${what}`);
}

function forbidden(error: unknown, request: AuthorizeRequest, log: Log): RealtimeError {
  if (RealtimeError.is(error, 'forbidden')) return error;
  log('warn', 'authorize failed', { action: request.action, channel: request.channel, error });
  return no(request);
}

function refusedMessage(error: unknown, channel: string, log: Log): RealtimeError {
  if (RealtimeError.is(error)) return error;
  log('error', 'onPublish failed', { channel, error });
  return new RealtimeError('server_error', 'the message could not be taken');
}
