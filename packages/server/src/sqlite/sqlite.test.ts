/** The engine contract on a file. */
import { virtualClock } from '@anywire/testkit/clock';
import { databaseFiles } from '../../test/support/database-files.ts';
import { describeEngine } from '../../test/support/engine-conformance.ts';
import { sqlite } from './sqlite.ts';

const newFile = databaseFiles();

describeEngine('sqlite', () => {
  const clock = virtualClock();
  return { create: () => sqlite({ file: newFile() }), clock, pass: (ms) => clock.advance(ms) };
});
