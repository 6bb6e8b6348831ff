/**
 * The conformance suite tests itself: each mutant must be seen by a case, and each case must see a mutant that at
 * most {@link maxOthers} other cases see. What is printed is the table of cases and their sharpest mutants.
 *
 * @see packages/testkit/src/mutants
 */
import { conformanceCases, runCase, whyNot, type ConformanceCase } from '@anywire/testkit';
import { mutants, mutated } from '@anywire/testkit/mutants';
import { describe, expect, it } from 'vitest';
import { memoryHarnesses } from './memory-harness.ts';

/** A mutant that more cases see says too little about each of them. */
const maxOthers = 5;

/** Where a case runs: on the first one that can run it. Without history first, in which core finds what was lost. */
const harnesses = [
  memoryHarnesses['memory without history'],
  memoryHarnesses['memory whose messages overtake, without history'],
  ...Object.values(memoryHarnesses),
];
const cases = [...conformanceCases.values()].flat();
const homeOf = (one: ConformanceCase): (typeof harnesses)[number] | undefined =>
  harnesses.find((harness) => whyNot(one, harness) === undefined);
/** Which cases see which mutant. */
const seenBy = new Map<string, readonly string[]>();

describe('the suite', () => {
  it(`has ${cases.length} cases, no two of one title, and a backend for each`, () => {
    expect(new Set(cases.map(({ title }) => title)).size).toBe(cases.length);
    expect(cases.filter((one) => !homeOf(one)).map(({ title }) => title)).toEqual([]);
  });

  for (const [area, table] of mutants) {
    it.each(Object.entries(table))(`sees an adapter (${area}) that %s`, async (name, mutant) => {
      const seen: string[] = [];
      for (const one of cases) {
        const home = homeOf(one);
        if (home) await runCase(mutated(home, mutant), one).catch(() => seen.push(one.title));
      }
      seenBy.set(name, seen);
      expect(seen).not.toEqual([]);
    });
  }

  it(`has for each of its cases a mutant that at most ${maxOthers} others see`, () => {
    const rows = cases.map(({ title }) => {
      const seen = [...seenBy].filter(([, titles]) => titles.includes(title));
      const [sharpest] = seen.sort(([, a], [, b]) => a.length - b.length);
      return { title, mutant: sharpest?.[0], others: (sharpest?.[1].length ?? Infinity) - 1 };
    });
    rows.sort((a, b) => b.others - a.others);
    const lines = rows.map(({ title, mutant, others }) => `${title} | ${mutant} | ${others}`);
    console.info(`case | its sharpest mutant | how many others see that\n${lines.join('\n')}`);
    expect(rows.filter(({ others }) => others > maxOthers)).toEqual([]);
  });
});
