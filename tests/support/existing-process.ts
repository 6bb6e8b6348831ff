/** One of the existing servers as a process of its own, started as its README says: killed without warning. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ServerName } from '../../examples/existing-servers/servers.ts';

export interface ExistingProcess {
  /** `http://…` or `ws://…`, without a path. */
  readonly url: string;
  readonly port: number;
  /** SIGKILL: no goodbye to anyone. Resolves when it is gone. */
  kill(): Promise<void>;
}

export interface ExistingProcessOptions {
  /** @default 0: any free one */
  readonly port?: number;
  /** What signs the tokens of `notifications`. */
  readonly secret?: string;
}

/** Resolves once it says that it listens. */
export async function startExisting(
  name: ServerName,
  { port = 0, secret = '' }: ExistingProcessOptions = {},
): Promise<ExistingProcess> {
  const script = new URL(`../../examples/existing-servers/servers/${name}.js`, import.meta.url);
  const child = spawn(process.execPath, [fileURLToPath(script)], {
    env: { ...process.env, PORT: String(port), JWT_SECRET: secret },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
        const [found] = /(http|ws):\/\/127\.0\.0\.1:\d+/.exec(output) ?? [];
        if (found) resolve(found);
      });
    child.once('exit', () => reject(new Error(`${name} did not start:\n${output}`)));
  });
  return {
    url,
    port: Number(new URL(url).port),
    async kill() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
}
