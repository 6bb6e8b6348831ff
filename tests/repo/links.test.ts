/**
 * Every relative link in a Markdown file of the repository leads to a file, and its anchor to a heading there.
 * Texts in fences and in `code` are not links. Addresses of the web are not asked.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, it } from 'vitest';

const files = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'],
  { encoding: 'utf8' },
)
  .split('\n')
  .filter((file) => file !== '' && existsSync(file));

const fences = /^(?:```|~~~)[\s\S]*?^(?:```|~~~)/gmu;
const code = /`[^`\n]*`/gu;
const link = /\]\((?<target>[^()\s]+)\)/gu;

it('each relative link and anchor of 20 and more Markdown files leads somewhere', () => {
  expect(files.length).toBeGreaterThan(20);
  expect(files.flatMap((file) => linksOf(file).flatMap((to) => problemOf(file, to)))).toEqual([]);
});

it('no heading stands twice under the same heading', () => {
  const doubled = files.flatMap((file) => {
    const titles = outlineOf(file);
    return titles
      .filter((title, index) => titles.indexOf(title) !== index)
      .map((title) => `${file}: ${title}`);
  });
  expect(doubled).toEqual([]);
});

it('finds a missing file, a missing anchor, and the second of 2 equal headings', () => {
  expect(problemOf('README.md', 'docs/nothing.md')).toHaveLength(1);
  expect(problemOf('README.md', 'docs/deploy.md#nothing')).toHaveLength(1);
  expect(problemOf('README.md', 'docs/deploy.md#behind-a-proxy')).toEqual([]);
  expect(anchorsIn('# A `b` & C\n## D\n## D\n')).toEqual(new Set(['a-b--c', 'd', 'd-1']));
});

function linksOf(file: string): string[] {
  const text = readFileSync(file, 'utf8').replace(fences, '').replace(code, '');
  return [...text.matchAll(link)]
    .map((match) => match.groups?.['target'] ?? '')
    .filter((target) => !/^[a-z]+:/u.test(target));
}

function problemOf(file: string, target: string): string[] {
  const [path = '', anchor] = target.split('#');
  const to = path === '' ? file : normalize(join(dirname(file), decodeURIComponent(path)));
  if (!existsSync(to)) return [`${file}: ${target}: there is no ${to}`];
  if (anchor === undefined || statSync(to).isDirectory() || !to.endsWith('.md')) return [];
  const isThere = anchorsIn(readFileSync(to, 'utf8')).has(anchor);
  return isThere ? [] : [`${file}: ${target}: ${to} has no such heading`];
}

/** Headings as the anchors that code hosts make of them: lower case, no punctuation, `-` for a space. */
function anchorsIn(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const { title } of headingsIn(text)) {
    const slug = title
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/gu, '$1')
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/gu, '-');
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Each heading with those above it, such as `Deploy > Ending > systemd`. */
function outlineOf(file: string): string[] {
  const above: string[] = [];
  return headingsIn(readFileSync(file, 'utf8')).map(({ level, title }) => {
    above.length = level - 1;
    above[level - 1] = title;
    return above.join(' > ');
  });
}

function headingsIn(text: string): { readonly level: number; readonly title: string }[] {
  return [...text.replace(fences, '').matchAll(/^(#{1,6}) +(.+)$/gmu)].map(
    ([, marks = '', title = '']) => ({ level: marks.length, title: title.trim() }),
  );
}
