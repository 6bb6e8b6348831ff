/** What a backend refuses, and how the app is told. */
import type { AckLevel, Capabilities } from './capabilities.ts';
import type { Requirements } from './channel-api.ts';
import type { Attachment } from './attachment.ts';
import { RealtimeError } from './errors.ts';
import { rankOf } from './narrow.ts';

type Test = (capabilities: Capabilities, asked?: unknown) => boolean;

/** Whether a backend with these capabilities has what is asked. */
// prettier-ignore
export const features: Readonly<Record<keyof Requirements, Test>> = {
  ack:      ({ ack }, asked) => rankOf(ack) >= rankOf(asked as AckLevel),
  history:  ({ history }) => history.support !== 'none',
  presence: ({ presence }) => presence.support !== 'none',
  rewind:   ({ rewind, history }) => rewind !== 'none' || history.support !== 'none',
  binary:   ({ binary }) => binary !== 'none',
  resume:   ({ resume }) => resume.support !== 'none',
};

/** This channel has no `what`: the backend, or the definition, leaves it out. */
export function unsupported(attachment: Attachment, what: string): RealtimeError {
  const { client, definition, name } = attachment;
  const defined = definition ? ', as it is defined,' : '';
  const where = `'${name}' on '${client.adapter.name}'${defined}`;
  return new RealtimeError('unsupported', `${where} has no ${what}`);
}

/** Names everything of `required` that is missing. */
export function lacking(attachment: Attachment, required: Requirements): RealtimeError | undefined {
  const missing = Object.entries(required)
    .filter(
      ([name, asked]) =>
        asked && !features[name as keyof Requirements](attachment.capabilities, asked),
    )
    .map(([name, asked]) => (asked === true ? name : `${name} '${asked}'`));
  return missing.length > 0 ? unsupported(attachment, missing.join(', no ')) : undefined;
}

/** @throws {RealtimeError} unsupported */
export function checkRequirements(attachment: Attachment, required: Requirements): void {
  const error = lacking(attachment, required);
  if (error) throw error;
}

/** From now on the channel is of no use without them. @throws {RealtimeError} unsupported */
export function addRequirements(attachment: Attachment, added: Requirements): void {
  checkRequirements(attachment, added);
  const { ack } = attachment.required;
  const isHigher = rankOf(ack) > rankOf(added.ack);
  attachment.required = { ...attachment.required, ...added, ...(ack && isHigher && { ack }) };
}
