#!/usr/bin/env node
/**
 * `npx anywire-emulate pusher --app-id 1 --key k --secret s`: a managed service on this machine.
 *
 * The first line on stdout says that it is ready; logs go to stderr.
 *
 * @see README.md#the-command · cli/command.ts
 */
import { readFileSync } from 'node:fs';
import { runCommand } from './cli/command.ts';

const version = (): string => {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
};

void runCommand(process.argv.slice(2), version);
