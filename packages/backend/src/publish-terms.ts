/** What is published, and what may become of it. @see publishing.ts */
import { RealtimeError } from '@anywire/core/errors';
import { errorText } from '@anywire/server/kit';

/** A message as a client, or the app, gives it. */
export interface Given {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
  readonly extras?: Readonly<Record<string, unknown>> | undefined;
  readonly sequence?: number | undefined;
  readonly volatile?: boolean | undefined;
  /** Of the app alone: who is a client is who it is. */
  readonly clientId?: string | undefined;
}

export interface Done {
  readonly level: 'none' | 'accepted' | 'stored';
  readonly serial?: number;
  readonly timestamp?: number;
  /** An earlier try had arrived. */
  readonly duplicate?: true;
  /** It is stored; that the service has it is still to come. */
  readonly pending?: true;
}

export type Outcome =
  Done | { readonly error: { readonly code: string; readonly message: string } };

const maxExtrasLength = 1_024;

/** @throws {RealtimeError} invalid, payload_too_large */
export function check({ id, event, extras, clientId = 'nobody' }: Given): void {
  if (!/^[\x20-\x7e]{1,128}$/.test(id))
    throw new RealtimeError('invalid', '"id" has 1 to 128 characters of ASCII');
  if (event.length === 0 || event.length > 128)
    throw new RealtimeError('invalid', '"event" has 1 to 128 characters');
  if (clientId.length === 0 || clientId.length > 128)
    throw new RealtimeError('invalid', '"clientId" has 1 to 128 characters');
  if (extras && JSON.stringify(extras).length > maxExtrasLength)
    throw new RealtimeError(
      'payload_too_large',
      `"extras" have more than ${maxExtrasLength} characters`,
    );
}

export function failed(thrown: unknown): Outcome {
  const error = RealtimeError.from(thrown);
  return { error: { code: error.code, message: errorText(error) } };
}
