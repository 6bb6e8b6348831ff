/** The order of lines, and when an own line is the same as a delivered one. */
import { expect, it } from 'vitest';
import { createLog, type Log } from './log.ts';

const from = { fromId: 'a', fromName: 'Ann', at: 1 };
const other = { fromId: 'b', fromName: 'Bob', at: 1, isOwn: false };

const shown = (log: Log): readonly string[] =>
  log.lines.get().map((line) => (line.kind === 'gap' ? 'gap' : `${line.text} ${line.state}`));

it('shows one line for an own message that comes back, where it came back', () => {
  const log = createLog();
  const line = log.pending({ ...from, isOwn: true, id: 'n:1', text: 'Hi', state: 'sending' });
  log.deliver({ ...other, id: 'm:1', text: 'Hello' });
  expect(shown(log)).toEqual(['Hello delivered', 'Hi sending']);
  log.deliver({ ...from, isOwn: false, id: 'n:1', text: 'Hi' });
  line.change({ state: 'sent', proof: 'written' });
  expect(shown(log)).toEqual(['Hello delivered', 'Hi delivered']);
  expect(log.lines.get()[1]).toMatchObject({ isOwn: true });
});

it('keeps a line that nobody confirmed above the gap in which its echo went missing, and never shows it twice', () => {
  const log = createLog();
  const line = log.pending({ ...from, isOwn: true, id: 'n:1', text: 'Hi', state: 'sending' });
  line.change({ state: 'sent', proof: 'written' });
  log.gap('Messages may be missing');
  log.deliver({ ...other, id: 'm:1', text: 'Hello' });
  expect(shown(log)).toEqual(['Hi sent', 'gap', 'Hello delivered']);
  log.deliver({ ...from, isOwn: true, id: 'n:1', text: 'Hi' });
  expect(shown(log)).toEqual(['Hi delivered', 'gap', 'Hello delivered']);
});

it('leaves a waiting line below the gap: it is sent after it', () => {
  const log = createLog();
  log.pending({ ...from, isOwn: true, id: 'n:1', text: 'Hi', state: 'waiting' });
  log.gap('Messages may be missing');
  expect(shown(log)).toEqual(['gap', 'Hi waiting']);
});

it('shows two foreign messages without ids as two lines, also with the same text', () => {
  const log = createLog();
  log.deliver({ ...other, id: undefined, text: 'Hi' });
  log.deliver({ ...other, id: undefined, text: 'Hi' });
  expect(shown(log)).toEqual(['Hi delivered', 'Hi delivered']);
});
