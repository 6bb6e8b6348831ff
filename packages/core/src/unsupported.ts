/** What a backend refuses, and how the app is told. */
import type { AckLevel, Capabilities } from './capabilities.ts';
import type { Requirements } from './channel-api.ts';
import type { Attachment } from './attachment.ts';
import { RealtimeError } from './errors.ts';

const levels: readonly AckLevel[] = ['none', 'written', 'accepted', 'stored'];

/** Whether a backend that proves `best` can prove `asked`. */
export const proves = (best: AckLevel, asked: AckLevel): boolean =>
  levels.indexOf(best) >= levels.indexOf(asked);

/** Whether a backend with these capabilities has a feature. */
// prettier-ignore
export const features: Readonly<Record<keyof Omit<Requirements, 'ack'>, (capabilities: Capabilities) => boolean>> = {
  history:  ({ history }) => history.support !== 'none',
  presence: ({ presence }) => presence.support !== 'none',
  rewind:   ({ rewind, history }) => rewind !== 'none' || history.support !== 'none',
  resume:   ({ resume }) => resume.support !== 'none',
};

/** The backend of this channel has no `what`. */
export function unsupported({ client, name }: Attachment, what: string): RealtimeError {
  return new RealtimeError('unsupported', `'${client.adapter.name}' has on '${name}' no ${what}`);
}

/** @throws {RealtimeError} unsupported, naming everything that is missing */
export function checkRequirements(
  attachment: Attachment,
  { ack, ...required }: Requirements,
): void {
  const { capabilities } = attachment;
  const missing: string[] = (Object.keys(required) as (keyof typeof features)[]).filter(
    (feature) => required[feature] && !features[feature](capabilities),
  );
  if (ack && !proves(capabilities.ack, ack))
    missing.push(`ack '${ack}', only '${capabilities.ack}',`);
  if (missing.length > 0) throw unsupported(attachment, missing.join(' and '));
}
