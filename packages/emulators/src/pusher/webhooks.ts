/**
 * What the app's backend is told: signed, in batches, tried again until it says yes.
 *
 * A leave waits a little; who comes back meanwhile never left, as far as webhooks go.
 *
 * @see SOURCE.md#webhooks
 */
import type { Clock } from '../clock.ts';
import type { PusherApp, PusherTimes, PusherWebhook, WebhookEventName } from './options.ts';
import { hmac } from './signature.ts';

export interface WebhookEvent {
  readonly name: WebhookEventName;
  readonly channel: string;
  readonly user_id?: string;
  readonly [more: string]: unknown;
}

export interface Webhooks {
  tell(event: WebhookEvent): void;
  /** Ends all that waits. */
  close(): void;
}

/** What a leave waits for, and what calls it off. */
const opposites = new Map<WebhookEventName, WebhookEventName>([
  ['channel_vacated', 'channel_occupied'],
  ['member_removed', 'member_added'],
]);

export function createWebhooks(
  app: PusherApp,
  times: PusherTimes,
  clock: Clock,
  fetch: typeof globalThis.fetch,
  log: (text: string) => void,
): Webhooks {
  const hooks = app.webhooks ?? [];
  if (hooks.length === 0) return { tell() {}, close() {} };
  const ended = new AbortController();
  const waiting = new Map<string, () => void>();
  let batch: WebhookEvent[] = [];

  const keyOf = (name: string, { channel, user_id = '' }: WebhookEvent): string =>
    JSON.stringify([name, channel, user_id]);

  function collect(event: WebhookEvent): void {
    if (ended.signal.aborted) return;
    if (batch.length === 0) queueMicrotask(flush);
    batch.push(event);
  }

  function flush(): void {
    const events = batch;
    batch = [];
    for (const hook of hooks) {
      const wanted = events.filter(({ name }) => hook.events?.includes(name) ?? true);
      if (wanted.length > 0) post(hook, JSON.stringify({ time_ms: clock.now(), events: wanted }));
    }
  }

  function post(hook: PusherWebhook, body: string): void {
    const untilMs = clock.now() + times.webhookRetryMs;
    const headers = {
      'content-type': 'application/json',
      'x-pusher-key': app.key,
      'x-pusher-signature': hmac(app.secret, body),
    };
    const attempt = async (backoffMs: number): Promise<void> => {
      const said = await fetch(hook.url, {
        method: 'POST',
        headers,
        body,
        signal: ended.signal,
      }).then(
        ({ ok, status }) => (ok ? undefined : `status ${status}`),
        (error: unknown) => String(error),
      );
      if (said === undefined || ended.signal.aborted) return;
      log(`webhook to ${hook.url} failed: ${said}`);
      if (clock.now() + backoffMs > untilMs) return;
      const stop = clock.schedule(() => {
        waiting.delete(key);
        void attempt(backoffMs * 2);
      }, backoffMs);
      const key = `retry ${waiting.size} ${body}`;
      waiting.set(key, stop);
    };
    void attempt(times.webhookBackoffMs);
  }

  return {
    tell(event) {
      const opposite = opposites.get(event.name);
      if (opposite !== undefined) {
        const key = keyOf(opposite, event);
        const stop = clock.schedule(() => {
          waiting.delete(key);
          collect(event);
        }, times.webhookLeaveMs);
        waiting.set(key, stop);
        return;
      }
      const key = keyOf(event.name, event);
      const stop = waiting.get(key);
      if (!stop) return collect(event);
      stop();
      waiting.delete(key);
    },
    close() {
      ended.abort();
      for (const stop of waiting.values()) stop();
      waiting.clear();
    },
  };
}
