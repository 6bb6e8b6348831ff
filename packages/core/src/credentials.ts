/**
 * Asks the app for credentials: one question at a time for each purpose, and an answer is used until it expires
 * or is refused.
 *
 * When to ask is decided by the adapter (on open), by `session-guard.ts` (before expiry) and by drops (after a refusal).
 *
 * @see credentials.test.ts
 */
import type { AuthContext } from './api.ts';
import type { Client } from './context.ts';
import type { AuthRequest, Credentials } from './contract.ts';
import { RealtimeError } from './errors.ts';

type Question = Omit<AuthContext, 'signal'>;

export class CredentialSource {
  readonly #client: Client;
  /** The connection's own credentials; those of a channel are asked for each time. */
  #current: Credentials | undefined;
  #isReused = false;
  #reason: AuthContext['reason'] = 'connect';
  #asking = new Map<string, Promise<Credentials>>();
  #life: AbortSignal | undefined;

  constructor(client: Client) {
    this.#client = client;
  }

  /**
   * The service refused what we have: the next question says so. Answers whether it was an old token, so that a new
   * one may be tried at once.
   */
  refused(): boolean {
    const isReused = this.#isReused;
    this.#current = undefined;
    this.#isReused = false;
    this.#reason = 'refused';
    return isReused;
  }

  /** @throws {RealtimeError} auth_denied (give up) · auth_failed (try again) · why the connection ended */
  async get(request: AuthRequest): Promise<Credentials> {
    if (!this.#client.auth) return {};
    if (request.channel !== undefined) return this.#ask({ reason: 'channel', ...request });
    const { expiresAt = Infinity } = this.#current ?? {};
    if (!this.#current || expiresAt <= this.#client.now())
      return this.#ask({ reason: this.#reason, ...request });
    this.#isReused = true;
    return this.#current;
  }

  /** New credentials while the old ones still work. */
  renew(): Promise<Credentials> {
    return this.#ask({ reason: 'expiring' });
  }

  #ask(question: Question): Promise<Credentials> {
    const { life } = this.#client.connection;
    const key = JSON.stringify([question.channel, question.connectionRef]);
    // Questions end with the life that they were asked in.
    if (this.#life !== life) this.#asking = new Map();
    this.#life = life;
    const asking = this.#asking;
    const answer = asking.get(key) ?? this.#call(question, life).finally(() => asking.delete(key));
    asking.set(key, answer);
    return answer;
  }

  async #call(question: Question, life: AbortSignal): Promise<Credentials> {
    try {
      const given = await this.#client.within('auth', [life], (signal) =>
        this.#client.auth?.({ ...question, signal }),
      );
      const credentials = given && typeof given === 'string' ? { token: given } : given;
      if (!credentials || typeof credentials !== 'object')
        throw new TypeError('neither a token nor credentials');
      if (question.channel === undefined) {
        this.#current = credentials;
        this.#isReused = false;
        this.#reason = 'connect';
      }
      return credentials;
    } catch (cause) {
      if (life.aborted || RealtimeError.is(cause, 'auth_denied')) throw cause;
      throw new RealtimeError('auth_failed', '`auth` failed', { cause });
    }
  }
}
