/** What a backend refuses, and how the app is told. */
import type { AckLevel, Capabilities } from './capabilities.ts';
import type { Requirements } from './channel-api.ts';
import type { Attachment } from './attachment.ts';
import { RealtimeError } from './errors.ts';

const levels: readonly AckLevel[] = ['none', 'written', 'accepted', 'stored'];

type Test = (capabilities: Capabilities, asked?: unknown) => boolean;

/** Whether a backend with these capabilities has what is asked. */
// prettier-ignore
export const features: Readonly<Record<keyof Requirements, Test>> = {
  ack:      ({ ack }, asked) => levels.indexOf(ack) >= levels.indexOf(asked as AckLevel),
  history:  ({ history }) => history.support !== 'none',
  presence: ({ presence }) => presence.support !== 'none',
  rewind:   ({ rewind, history }) => rewind !== 'none' || history.support !== 'none',
  binary:   ({ binary }) => binary !== 'none',
  resume:   ({ resume }) => resume.support !== 'none',
};

/** The backend of this channel has no `what`. */
export function unsupported({ client, name }: Attachment, what: string): RealtimeError {
  return new RealtimeError('unsupported', `'${client.adapter.name}' has on '${name}' no ${what}`);
}

/** @throws {RealtimeError} unsupported, naming everything that is missing */
export function checkRequirements(attachment: Attachment, required: Requirements): void {
  const missing = Object.entries(required)
    .filter(
      ([name, asked]) =>
        asked && !features[name as keyof Requirements](attachment.capabilities, asked),
    )
    .map(([name, asked]) => `${name} ${asked === true ? '' : `'${asked}'`}`);
  if (missing.length > 0) throw unsupported(attachment, missing.join(' and '));
}
