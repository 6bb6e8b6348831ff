/**
 * The attacker, a process of its own with the lowest priority: attackers have machines of their own, and here must not take the
 * processor from the server and its clients.
 *
 * Told `{ attack, port }` it begins, and says 'seen' when it has got what is documented; told 'stop' it ends, and says 'over'.
 */
import { setPriority } from 'node:os';
import { attacks } from './attacks.ts';

export type Order = { readonly attack: string; readonly port: number } | 'stop';
export type Report = 'ready' | 'seen' | 'over';

const lowest = 19;
setPriority(lowest);

let end = new AbortController();
let running: Promise<void> | undefined;
const say = (report: Report): unknown => process.send?.(report);

process.on('message', (order: Order) => {
  if (order === 'stop') {
    end.abort();
    void running?.then(() => say('over'));
    return;
  }
  const attack = attacks.find(({ name }) => name === order.attack);
  if (!attack) throw new Error(`no attack is called ${order.attack}`);
  end = new AbortController();
  let isSeen = false;
  const saw = (what: string): void => {
    if (!isSeen && what === attack.seen) say('seen');
    isSeen ||= what === attack.seen;
  };
  running = attack.run({ port: order.port, saw }, end.signal);
});
process.on('disconnect', () => process.exit(0));
say('ready');
