/**
 * An engine that answers later, as one over a network does: each call takes effect after a while, its answer comes
 * after another while, and what happened live is reported when it pleases, in order. Only what engine.ts promises holds.
 */
import { memory, type Engine, type EngineHost } from '../../src/index.ts';

/** @param turns - How many turns of the loop the next step takes. */
export function slowEngine(turns: () => number): Engine {
  const inner = memory();
  const effects = new Map<string, Promise<unknown>>();
  const reports = new Map<string, Promise<unknown>>();

  async function pause(): Promise<void> {
    for (let left = turns(); left > 0; left--)
      await new Promise((resolve) => setImmediate(resolve));
  }
  /** `work` after everything before it in the same line. */
  function inLine<Value>(
    lines: Map<string, Promise<unknown>>,
    line: string,
    work: () => Value,
  ): Promise<Awaited<Value>> {
    const before = lines.get(line) ?? Promise.resolve();
    const done = before.then(pause).then(work);
    lines.set(line, done);
    return done as Promise<Awaited<Value>>;
  }
  const later = async <Value>(channel: string, work: () => Value): Promise<Awaited<Value>> => {
    const answer = await inLine(effects, channel, work);
    await pause();
    return answer;
  };
  const report = (channel: string, work: () => void): void => void inLine(reports, channel, work);

  return {
    name: 'slow',
    open(host: EngineHost) {
      return inner.open({
        ...host,
        message: (channel, entry) => report(channel, () => host.message(channel, entry)),
        volatile: (channel, id, frame) => report(channel, () => host.volatile(channel, id, frame)),
        presence: (channel, change) => report(channel, () => host.presence(channel, change)),
      });
    },
    subscribe: (channel) => later(channel, () => inner.subscribe(channel)),
    unsubscribe: (channel) => later(channel, () => inner.unsubscribe(channel)),
    append: (channel, draft) => later(channel, () => inner.append(channel, draft)),
    broadcast: (channel, id, frame) => later(channel, () => inner.broadcast(channel, id, frame)),
    read: (channel, query) => later(channel, () => inner.read(channel, query)),
    enter: (channel, member, max) => later(channel, () => inner.enter(channel, member, max)),
    leave: (channel, key, hold) => later(channel, () => inner.leave(channel, key, hold)),
    members: (channel) => later(channel, () => inner.members(channel)),
    claim: (nonce, owners) => later(`nonce ${nonce}`, () => inner.claim(nonce, owners)),
    release: (nonce) => later(`nonce ${nonce}`, () => inner.release(nonce)),
    async close() {
      await Promise.all([...effects.values(), ...reports.values()]);
      await inner.close();
    },
  };
}
