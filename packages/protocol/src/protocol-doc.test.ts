/** Holds docs/protocol.md to the code, both ways: nothing is missing there, and nothing is made up. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { closeCodes, errorAfterClose } from './close-codes.ts';
import { decodeClientFrames, decodeServerFrames, defaultMaxDepth } from './codec.ts';
import { errorCodes } from './error-codes.ts';
import { subprotocol } from './frames.ts';
import { maxChannelLength, maxEventLength } from './names.ts';
import { clientShapes, serverShapes } from './rules.ts';

const text = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');

/** The rows of all tables in `part`, as cells without back-ticks. */
const rows = (part: string): string[][] =>
  [...part.matchAll(/^\|(.+)\|$/gm)].map(([, row = '']) =>
    row.split('|').map((cell) => cell.replaceAll('`', '').trim()),
  );
const section = (heading: string): string =>
  text.split(`\n${heading}\n`)[1]?.split(/\n#{1,4} /)[0] ?? '';

describe.each([
  ['>', clientShapes],
  ['<', serverShapes],
] as const)('frames %s', (direction, shapes) => {
  it.each([...shapes])('%s stands there with its direction and its members', (type, shape) => {
    const part = section(`#### \`${type}\``);
    expect(part).toContain(`\`${direction}\``);
    const documented = rows(part)
      .slice(2)
      .map(([member, , must]) => `${member} ${must}`);
    const inCode = shape.map(([member, { required }]) => `${member} ${required ? 'yes' : 'no'}`);
    expect(documented.toSorted()).toEqual(inCode.toSorted());
  });
});

it('has no frame that the code does not know', () => {
  const documented = [...text.matchAll(/^#### `(\w+)`$/gm)].map(([, type]) => type);
  expect(documented.toSorted()).toEqual(
    [...new Set([...clientShapes.keys(), ...serverShapes.keys()])].toSorted(),
  );
});

it('has every close code, with its name and the error that it is reported as', () => {
  const documented = rows(section('## Close codes')).filter(([code]) => /^\d{4}$/.test(code ?? ''));
  expect(documented.map(([code, name]) => [name, Number(code)])).toEqual(
    Object.entries(closeCodes),
  );
  for (const [code, , , error] of documented)
    expect(error?.split(',')[0]).toBe(errorAfterClose(Number(code)));
});

it('has every error code', () => {
  const part = section('## Error codes');
  const documented = [...part.matchAll(/`(\w+)`/g)].map(([, code]) => code);
  for (const code of errorCodes) expect(documented).toContain(code);
});

it('has the bounds of the code', () => {
  const rules = Object.fromEntries(rows(section('## Names')).map(([what, rule]) => [what, rule]));
  expect(rules['channel']).toContain(`1 to ${maxChannelLength}`);
  expect(rules['event']).toContain(`1 to ${maxEventLength}`);
  expect(text).toContain(`\`${subprotocol}\``);
  expect(text).toContain(`| depth of a payload | ${defaultMaxDepth} `);
});

it('has only anchors that exist', () => {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading.replaceAll('`', '').toLowerCase().replaceAll(' ', '-'),
  );
  for (const [, anchor] of text.matchAll(/\]\(#([\w-]+)\)/g)) expect(headings).toContain(anchor);
});

it('shows only frames that the codec takes', () => {
  const shown = [...text.matchAll(/^(?:\w+ )?([<>]) (\{.+\})$/gm)];
  expect(shown.length).toBeGreaterThan(10);
  for (const [, direction, frame = ''] of shown) {
    const decode = direction === '>' ? decodeClientFrames : decodeServerFrames;
    expect(decode(frame)).toMatchObject([{ ok: true }]);
  }
});
