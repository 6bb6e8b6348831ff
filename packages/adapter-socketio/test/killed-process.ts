/** Starts and kills the server of killed-server.ts. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface ServerProcess {
  readonly port: number;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Resolves once clients may come. @param port - 0: any free one. */
export async function startServerProcess(
  file: string,
  port: number,
  kept: number,
): Promise<ServerProcess> {
  const script = fileURLToPath(new URL('killed-server.ts', import.meta.url));
  const child = fork(script, [file, String(port), String(kept)], {
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
