/**
 * Which processes carry a mark, and which ports they listen on, from `/proc` (Linux).
 *
 * The mark is an environment variable: it is inherited by whatever a process starts, and stays when
 * the parent is gone. A walk over parent ids would lose exactly the orphans that we look for.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The state of a listening socket in `/proc/net/tcp`. */
const listening = '0A';

/** The ids of all living processes whose environment holds `NAME=value`. */
export function processesWith(mark: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => read(`/proc/${pid}/environ`).split('\0').includes(mark))
    .filter((pid) => !/^\d+ \(.*\) Z/s.test(read(`/proc/${pid}/stat`)))
    .map(Number);
}

/** What a process was started with, for messages. */
export function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
}

/** Every TCP port that one of these processes listens on. */
export function portsOf(pids: readonly number[]): number[] {
  const inodes = new Set(pids.flatMap(socketInodes));
  const ports = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    read(file)
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === listening && inodes.has(fields[9] ?? ''))
      .map((fields) => Number.parseInt(fields[1]?.split(':')[1] ?? '', 16)),
  );
  return [...new Set(ports)];
}

function socketInodes(pid: number): string[] {
  return list(`/proc/${pid}/fd`).flatMap((name) => {
    const target = link(`/proc/${pid}/fd/${name}`);
    return /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? [];
  });
}

// A process may end between two looks at it: nothing is found then.

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function link(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}
