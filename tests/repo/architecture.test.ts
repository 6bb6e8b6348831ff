import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { channelTransitions } from '../../packages/core/src/channel-machine.ts';
import { connectionTransitions } from '../../packages/core/src/connection-machine.ts';

const text = readFileSync('docs/architecture.md', 'utf8');

/** A transition table as a Mermaid state diagram: one line for each arrow. */
function diagram(transitions: Readonly<Record<string, readonly [string, ...string[]]>>): string {
  const arrows = Object.entries(transitions).flatMap(([event, [to, ...from]]) =>
    from.map((state) => `  ${state} --> ${to}: ${event}`),
  );
  return ['```mermaid', 'stateDiagram-v2', ...arrows, '```'].join('\n');
}

describe('docs/architecture.md', () => {
  it('draws the states of a connection as its machine has them', () => {
    expect(text).toContain(diagram(connectionTransitions));
  });

  it('draws the states of a channel as its machine has them', () => {
    expect(text).toContain(diagram(channelTransitions));
  });

  it('names only files that exist', () => {
    const named = [...text.matchAll(/`((?:packages|examples|tests|docs|scripts)\/[\w./-]+)`/g)].map(
      (match) => match[1] ?? '',
    );
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((path) => !existsSync(path))).toEqual([]);
  });
});
