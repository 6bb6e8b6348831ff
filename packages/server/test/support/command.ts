/** `anywire-server` as a real process, from the sources. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** A configuration file is written with this text, and `--config` is given. */
  readonly config?: string;
  /** @default 'anywire.config.mjs' */
  readonly configName?: string;
  readonly ipc?: boolean;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCommand {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Resolves when stderr has it. */
  says(text: string): Promise<void>;
  readonly ended: Promise<Ended>;
}

export interface ReadyLine {
  readonly ready: true;
  readonly url: string;
  readonly pid: number;
  readonly metrics?: string;
}

/** Starts the command with PORT and ANYWIRE_SERVER_KEY only where given. */
export function runCommand(
  args: readonly string[],
  { env = {}, config, configName = 'anywire.config.mjs', ipc = false }: CommandOptions = {},
): RunningCommand {
  const folder = mkdtempSync(join(tmpdir(), 'anywire-command-'));
  const file = join(folder, configName);
  if (config !== undefined) writeFileSync(file, config);
  const unset = { PORT: '', ANYWIRE_SERVER_KEY: '', NODE_OPTIONS: '' };
  const child = spawn(
    process.execPath,
    [
      '--conditions=@anywire/source',
      entry,
      ...args,
      ...(config === undefined ? [] : ['--config', file]),
    ],
    {
      cwd: folder,
      env: { ...process.env, ...unset, ...env },
      stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
    },
  );
  const out = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      out[name] += chunk;
      for (const listener of listeners) listener();
    });
  // Not the child's own `close`: with IPC that this side has closed, it does not come.
  const exited = once(child, 'exit');
  const closed = [once(child.stdout!, 'close'), once(child.stderr!, 'close')];
  const ended = Promise.all([exited, ...closed]).then(([[code]]): Ended => {
    rmSync(folder, { recursive: true, force: true });
    return { code: code as number | null, ...out };
  });
  return {
    child,
    stdout: () => out.stdout,
    stderr: () => out.stderr,
    ended,
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!out.stderr.includes(text)) return;
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        void ended.then(() => reject(new Error(`ended without "${text}":\n${out.stderr}`)));
        look();
      }),
  };
}

/** Resolves with the first line of stdout. */
export async function readyCommand(
  args: readonly string[],
  options?: CommandOptions,
): Promise<RunningCommand & { readonly ready: ReadyLine }> {
  const running = runCommand(args, options);
  const line = await new Promise<string>((resolve, reject) => {
    running.child.stdout?.on('data', () => {
      const [first, rest] = running.stdout().split('\n', 2);
      if (rest !== undefined) resolve(first ?? '');
    });
    void running.ended.then(({ code, stderr }) =>
      reject(new Error(`ended with ${code} before it was ready:\n${stderr}`)),
    );
  });
  return { ...running, ready: JSON.parse(line) as ReadyLine };
}
