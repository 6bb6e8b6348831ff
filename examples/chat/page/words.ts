/** What states and errors are called in front of people. */
import { RealtimeError, type ConnectionState, type ErrorCode, type Gap } from '@anywire/core';

/** The badge, and what the state means for somebody who writes now. */
export const connectionWords: Readonly<
  Record<
    ConnectionState,
    { readonly badge: string; readonly notice?: string; readonly action?: string }
  >
> = {
  idle: { badge: 'Not connected yet' },
  connecting: { badge: 'Connecting…' },
  connected: { badge: 'Connected' },
  reconnecting: {
    badge: 'Reconnecting…',
    notice: 'The connection is lost. What you write now is kept, and sent when it is back.',
    action: 'Try now',
  },
  suspended: {
    badge: 'Offline',
    notice: 'Offline for a long time: new messages cannot be sent until the connection is back.',
    action: 'Try now',
  },
  closed: { badge: 'Signed out' },
  failed: {
    badge: 'Not connected',
    notice: 'The server does not let you in, so nothing is sent or received.',
    action: 'Try again',
  },
};

const failures: Partial<Record<ErrorCode, string>> = {
  outcome_unknown:
    'The connection broke before the server answered: it may or may not have arrived.',
  expired: 'Not sent: it waited too long for a connection.',
  outbox_full: 'Not sent: too many messages are waiting already.',
  suspended: 'Not sent: there is no connection.',
  forbidden: 'Not sent: you may not write here.',
  payload_too_large: 'Not sent: it is too long.',
  rate_limited: 'Not sent: too many messages at once. Wait a moment.',
  closed: 'Not sent: you signed out.',
};

/** Why a message failed. */
export function failureWords(error: unknown): string {
  return (
    (RealtimeError.is(error) ? failures[error.code] : undefined) ?? `Not sent: ${reason(error)}`
  );
}

/** An error's own words, without the part that is for logs. */
export function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^\[anywire:\w+\] /u, '');
}

/** Where a backend takes one room at a time, and keeps nothing. */
export const elsewhereWords =
  'You were in another room: what was said here meanwhile is not shown.';

/** What a gap means for the reader. */
export function gapWords(gap: Gap): string {
  const found =
    gap.recovered === 1 ? ' One was found again.' : ` ${gap.recovered} were found again.`;
  return `Messages may be missing here: the connection was interrupted.${gap.recovered > 0 ? found : ''}`;
}
