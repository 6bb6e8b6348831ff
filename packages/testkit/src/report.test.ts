import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { capabilitiesWith } from './fake-capabilities.ts';
import { summary, writeReport, type ConformanceReport } from './report.ts';

const report: ConformanceReport = {
  name: 'my adapter',
  capabilities: capabilitiesWith(),
  passed: [{ area: 'publish', title: 'a' }],
  failed: [{ area: 'order', title: 'b', error: 'expected 1 to be 2' }],
  leftOut: [
    { area: 'history', title: 'c', reason: 'not declared' },
    { area: 'names', title: 'd', reason: 'no fault' },
    { area: 'rewind', title: 'e', reason: 'not declared' },
  ],
};

describe('a report', () => {
  it('says the 3 numbers, why 1 case failed, and what was left out for each of 2 reasons', () => {
    expect(summary(report).split('\n')).toEqual([
      'my adapter: 1 cases passed, 1 failed, 3 left out',
      '  failed: order: b',
      '    expected 1 to be 2',
      '  left out: not declared',
      '    history: c',
      '    rewind: e',
      '  left out: no fault',
      '    names: d',
    ]);
  });

  it('is written as JSON into a folder that need not exist, and nowhere without one', async () => {
    const folder = await mkdtemp(`${tmpdir()}/report-`);
    try {
      await writeReport(report, `${folder}/new`);
      expect(await readdir(`${folder}/new`)).toEqual(['my-adapter.json']);
      const text = await readFile(`${folder}/new/my-adapter.json`, 'utf8');
      expect(JSON.parse(text)).toEqual(report);
      await writeReport(report, '');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
