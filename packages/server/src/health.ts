/**
 * `GET {path}/healthz` and `{path}/readyz`, for load balancers and supervisors: without a key, and without more than
 * one word.
 *
 * The first asks whether to restart this process, the second whether to send it clients. A server that drains is
 * healthy and not ready; answering both alike would have a supervisor kill it in the middle.
 *
 * @see README.md#health · docs/decisions/0013-operations.md · health.test.ts
 */
import { jsonAnswer, type HttpAnswer, type HttpRequest } from './http-request.ts';

/** `starting`: the engine has not opened; `failing`: it did not answer; `draining`: the server is about to go. */
export type Readiness = 'ok' | 'starting' | 'failing' | 'draining';

/** The answer to a question after health; undefined when the request asks for something else. */
export function answerHealth(
  readiness: () => Readiness,
  { method, path }: Pick<HttpRequest, 'method' | 'path'>,
): HttpAnswer | undefined {
  const status = statuses.get(path)?.(readiness);
  if (status === undefined) return undefined;
  if (method !== 'GET' && method !== 'HEAD') {
    const answer = jsonAnswer(405, { error: { code: 'invalid', message: 'health is a GET' } });
    return { ...answer, headers: { ...answer.headers, Allow: 'GET, HEAD' } };
  }
  return jsonAnswer(status === 'ok' ? 200 : 503, { status });
}

const statuses = new Map<string, (readiness: () => Readiness) => Readiness>([
  ['/healthz', () => 'ok'],
  ['/readyz', (readiness) => readiness()],
]);
