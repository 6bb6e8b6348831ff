#!/usr/bin/env node
/**
 * `npx @anywire/server`: the server as a command.
 *
 * @see README.md#the-command · cli/command.ts
 */
import { readFileSync } from 'node:fs';
import { runCommand } from './cli/command.ts';

const version = (): string => {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
};

void runCommand(process.argv.slice(2), process.env, version);
