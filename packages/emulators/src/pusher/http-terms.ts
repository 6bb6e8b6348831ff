/** A request and an answer, without a socket. */

export interface HttpRequest {
  readonly method: string;
  /** The path with its query, as it was sent. */
  readonly target: string;
  readonly body: Uint8Array;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A no, as text: the service does not answer errors as JSON. */
export class HttpRefusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** @throws {HttpRefusal} 400 */
export function parseBody(body: Uint8Array): Record<string, unknown> {
  try {
    const value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown;
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Told below.
  }
  throw new HttpRefusal(400, 'The body must be a JSON object');
}
