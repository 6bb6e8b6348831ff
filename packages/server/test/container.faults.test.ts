/**
 * The container file, without a container: what it starts and how it is asked after its health, as processes. Whether
 * it builds is seen only where there is an engine for containers.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { readyCommand } from './support/command.ts';

const file = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');

/** What follows an instruction, each time that it is there. */
const instructions = (name: string): string[] =>
  [...file('Containerfile').matchAll(new RegExp(`^${name} (.*)$`, 'gm'))].map(
    ([, rest = '']) => rest,
  );
const words = (json = ''): string[] => JSON.parse(json.slice(json.indexOf('['))) as string[];

describe('the container', () => {
  const [bin, ...args] = words(instructions('ENTRYPOINT')[0]);
  const port = Number(instructions('EXPOSE')[0]);

  it('starts the command that the package has, and not as root', () => {
    const { publishConfig } = JSON.parse(file('package.json')) as {
      publishConfig: { bin: Record<string, string> };
    };
    expect(Object.keys(publishConfig.bin)).toEqual([bin]);
    expect(instructions('USER')).toEqual(['node']);
    expect(instructions('ENV')).toContain(`PORT=${port}`);
  });

  it('is healthy while its command runs, and not afterwards', async () => {
    const [node, ...check] = words(instructions('HEALTHCHECK')[0]);
    expect(node).toBe('node');
    const env = { PORT: `${await freePort()}` };
    const health = async (): Promise<unknown> => {
      const asked = spawn(process.execPath, check, {
        env: { ...process.env, ...env },
        stdio: 'ignore',
      });
      return ((await once(asked, 'exit')) as unknown[])[0];
    };
    const { ready, child, ended } = await readyCommand(args, { env });
    expect(ready.url).toBe(`http://localhost:${env.PORT}/anywire`);
    expect(await health()).toBe(0);
    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
    expect(await health()).toBe(1);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
