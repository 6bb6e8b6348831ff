import { describe, expect, it } from 'vitest';
import { randomFrom } from '../../../tests/seed.ts';
import { scale } from '../../../tests/tier.ts';
import { testServer } from '../test/support/pipes.ts';
import { AttachmentList } from './attachment-list.ts';
import { Attachment, Channel } from './attachment.ts';
import type { Connection } from './connection.ts';

const random = randomFrom('attachments');
const steps = scale(500, 20_000);

describe('a channel', { timeout: 60_000 }, () => {
  it(`delivers to exactly those who are attached, through ${steps} attaches and detaches`, async () => {
    const { connected, server } = testServer();
    const clients = [];
    for (let n = 0; n < 12; n++) clients.push({ client: await connected(), isIn: false });
    for (let step = 1; step <= steps; step++) {
      const chosen = clients[Math.floor(random() * clients.length)];
      if (!chosen) continue;
      const { client, isIn } = chosen;
      if (isIn) await client.request({ t: 'detach', c: 'room' });
      else await client.attach('room');
      chosen.isIn = !isIn;
      for (const each of clients) each.client.all.length = 0;
      await server.publish('room', 'e', step);
      const inside = clients.filter((each) => each.isIn);
      await Promise.all(inside.map((each) => each.client.hears(step)));
      for (const each of clients) expect(each.client.data()).toEqual(each.isIn ? [step] : []);
      expect(server.stats().channels).toBe(inside.length > 0 ? 1 : 0);
    }
  });
});

describe('the attachments of a connection', () => {
  it(`are found by name, through ${steps} changes`, () => {
    const list = new AttachmentList();
    const expected = new Map<string, Attachment>();
    const names = ['a', 'b', 'c', '__proto__'];
    for (let step = 0; step < steps; step++) {
      const name = names[Math.floor(random() * names.length)] ?? '';
      const known = expected.get(name);
      if (known) {
        list.remove(known);
        expected.delete(name);
      } else {
        const attachment = new Attachment({} as Connection, new Channel(name, undefined));
        list.add(attachment);
        expected.set(name, attachment);
      }
      for (const each of names) expect(list.get(each)).toBe(expected.get(each));
      expect(list.size).toBe(expected.size);
      expect(new Set(list.all())).toEqual(new Set(expected.values()));
    }
  });
});
