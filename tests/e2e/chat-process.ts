/** The chat's server as a real process: started, killed without warning, stopped politely. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const ready = /Anywire chat: (http:\/\/localhost:(\d+))\n/u;

export interface ChatProcess {
  readonly child: ChildProcess;
  readonly url: string;
  readonly port: number;
  /** All that it printed so far. */
  output(): string;
  /** SIGKILL: no goodbye to anyone. */
  kill(): Promise<void>;
  /** SIGTERM; answers with the exit code. */
  stop(): Promise<number | null>;
}

export interface ChatOptions {
  /** @default any free one */
  readonly port?: number;
  /** Whether it hears of our end. @default false */
  readonly ipc?: boolean;
  /** A file. @default in memory */
  readonly database?: string;
  /** What CHAT_BACKENDS says. @default our own server alone */
  readonly backends?: string;
  /** What signs tokens. @default random */
  readonly secret?: string;
  /** More of the environment. @default nothing */
  readonly env?: Readonly<Record<string, string>>;
}

/** A process that may or may not get ready. */
export function spawnChat({
  port = 0,
  ipc = false,
  database = ':memory:',
  backends = '',
  secret = '',
  env = {},
}: ChatOptions = {}): {
  child: ChildProcess;
  output(): string;
} {
  const child = spawn(
    process.execPath,
    ['--conditions=@anywire/source', 'examples/chat/server.ts'],
    {
      cwd: root,
      env: {
        ...process.env,
        PORT: String(port),
        CHAT_SECRET: secret,
        CHAT_DATABASE: database,
        CHAT_BACKENDS: backends,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
    },
  );
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
  return { child, output: () => chunks.join('') };
}

/** Resolves once the server says that it is ready. */
export async function startChat(options: ChatOptions = {}): Promise<ChatProcess> {
  const { child, output } = spawnChat(options);
  const exited = once(child, 'exit');
  const match = await new Promise<RegExpExecArray>((resolve, reject) => {
    child.stdout?.on('data', () => {
      const found = ready.exec(output());
      if (found) resolve(found);
    });
    child.once('exit', () => reject(new Error(`the chat's server did not start:\n${output()}`)));
  });
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await exited;
    }
    return child.exitCode;
  };
  return {
    child,
    output,
    url: match[1] ?? '',
    port: Number(match[2]),
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
  };
}
