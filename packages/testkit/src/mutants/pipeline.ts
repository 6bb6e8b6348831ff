/** Mutants that spoil what passes schemas and interceptors. */
import { receives, remembering, reports, without, type Mutants } from './mutant.ts';

/** `data` without a member. */
const lacking = (member: string, data: unknown): unknown =>
  typeof data === 'object' && data !== null && member in data
    ? without(data as Record<string, unknown>, member)
    : data;

export const pipelineMutants: Mutants = {
  'mixes up messages that an interceptor has changed': remembering(() => {
    let kept: (() => void) | undefined;
    return reports((link) => ({
      received(channel, message) {
        const before = kept;
        kept = undefined;
        const isSigned = String(message.data).startsWith('signed ');
        if (isSigned && !before) kept = () => link.received(channel, message);
        else link.received(channel, message);
        before?.();
      },
    }));
  }),
  'leaves out lists': receives((message) => [{ ...message, data: lacking('more', message.data) }]),
  'makes text of numbers': receives((message) => {
    const { text } = (message.data ?? {}) as { text?: unknown };
    return [typeof text === 'number' ? { ...message, data: { text: `${text}` } } : message];
  }),
};
