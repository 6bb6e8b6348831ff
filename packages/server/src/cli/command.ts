/** The command from its arguments to its exit code. What a person reads goes to stderr, what a program reads to stdout. */
import { Complaint, exitCodes } from './complaint.ts';
import { helpText, readFlags } from './flags.ts';
import { serve } from './serve.ts';
import { settingsOf } from './settings.ts';

/** Resolves when the server runs, or there is nothing to run. Does not reject: it ends the process. */
export async function runCommand(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  version: () => string,
): Promise<void> {
  // Who read our output may be gone; that must not end the server.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  try {
    const flags = readFlags(args);
    if (flags.help) process.stdout.write(helpText());
    else if (flags.version) process.stdout.write(`${version()}\n`);
    else await serve(await settingsOf(flags, env));
  } catch (error) {
    if (!(error instanceof Complaint)) throw error;
    process.stderr.write(error.lines.map((line) => `anywire: ${line}\n`).join(''));
    process.exit(exitCodes[error.kind]);
  }
}
