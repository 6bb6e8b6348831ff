/**
 * Asks the app for credentials: one question at a time for each purpose, and an answer is used until it expires
 * or is refused.
 *
 * When to ask is decided by the adapter (on open), by `connection.ts` (before expiry) and by drops (after a refusal).
 *
 * @see credentials.test.ts
 */
import type { Auth, AuthContext } from './api.ts';
import type { AuthRequest, Credentials } from './contract.ts';
import type { Context } from './context.ts';
import { RealtimeError } from './errors.ts';

export class CredentialSource {
  readonly #context: Context;
  readonly #auth: Auth | undefined;
  /** The connection's own credentials; those of a channel are asked for each time. */
  #current: Credentials | undefined;
  #reason: 'connect' | 'refused' = 'connect';
  readonly #asking = new Map<string, Promise<Credentials>>();

  constructor(context: Context, auth: Auth | undefined) {
    this.#context = context;
    this.#auth = auth;
  }

  /** The service refused what we have: the next question says so. */
  refused(): void {
    this.#current = undefined;
    this.#reason = 'refused';
  }

  /** @throws {RealtimeError} auth_denied (give up) · auth_failed (try again) · the reason of `life` */
  async get(request: AuthRequest, life: AbortSignal): Promise<Credentials> {
    if (!this.#auth) return {};
    if (request.channel !== undefined) return this.#ask({ reason: 'channel', ...request }, life);
    const { expiresAt = Infinity } = this.#current ?? {};
    if (this.#current && expiresAt > this.#context.clock.now()) return this.#current;
    return this.#ask({ reason: this.#reason, ...request }, life);
  }

  /** New credentials while the old ones still work. */
  renew(life: AbortSignal): Promise<Credentials> {
    return this.#ask({ reason: 'expiring' }, life);
  }

  #ask(question: Omit<AuthContext, 'signal'>, life: AbortSignal): Promise<Credentials> {
    const key = JSON.stringify([question.channel, question.connectionRef]);
    const running = this.#asking.get(key);
    if (running) return running;
    const answer = this.#call(question, life).finally(() => this.#asking.delete(key));
    this.#asking.set(key, answer);
    return answer;
  }

  async #call(question: Omit<AuthContext, 'signal'>, life: AbortSignal): Promise<Credentials> {
    try {
      const given = await this.#context.within('auth', [life], async (signal) =>
        this.#auth?.({ ...question, signal }),
      );
      const credentials = given && typeof given === 'string' ? { token: given } : given;
      if (!credentials || typeof credentials !== 'object') {
        throw new RealtimeError('auth_failed', '`auth` answered neither a token nor credentials');
      }
      if (question.channel === undefined) {
        this.#current = credentials;
        this.#reason = 'connect';
      }
      return credentials;
    } catch (cause) {
      if (
        life.aborted ||
        RealtimeError.is(cause, 'auth_denied') ||
        RealtimeError.is(cause, 'auth_failed')
      )
        throw cause;
      throw new RealtimeError('auth_failed', '`auth` failed', { cause });
    }
  }
}
