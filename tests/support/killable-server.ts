/** A server in a process of its own, to be killed at the worst moment. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface KillableServer {
  readonly port: number;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Resolves once clients may come. @param script - Prints `port <number>` when it listens. */
export async function startKillable(
  script: URL,
  args: readonly (string | number)[],
): Promise<KillableServer> {
  const child = fork(fileURLToPath(script), args.map(String), {
    execArgv: ['--conditions=@anywire/source'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const exited = once(child, 'exit');
  return {
    port: await portOf(child),
    async kill() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
}

function portOf(child: ChildProcess): Promise<number> {
  let output = '';
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
        const [, port] = /^port (\d+)$/m.exec(output) ?? [];
        if (port) resolve(Number(port));
      });
    child.once('exit', () => reject(new Error(`the server did not start:\n${output}`)));
  });
}
