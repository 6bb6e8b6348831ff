import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createHarness, settle, TestError, type Harness } from '../test/session-harness.ts';
import type { ClientSession } from './client/index.ts';
import { decodeClientFrames, decodeServerFrames } from './codec.ts';
import { encodeFrame } from './encode.ts';
import type { AttachedFrame, ClientFrame } from './frames.ts';
import { clientShapes, serverShapes } from './rules.ts';
import type { BinaryCodec } from './binary-codec.ts';
import { messagePack } from './messagepack/index.ts';
import { asPacked, createMatcher, readTranscript, type TranscriptLine } from './transcripts.ts';

const folder = new URL('../fixtures/', import.meta.url);
const transcripts = readdirSync(folder)
  .filter((name) => name.endsWith('.jsonl'))
  .map((name) => [name, readTranscript(readFileSync(new URL(name, folder), 'utf8'))] as const);
const { signal } = new AbortController();

/** Asks the session for what makes it send `frame`. */
function perform(
  session: ClientSession<TestError>,
  frame: ClientFrame,
): Promise<unknown> | undefined {
  switch (frame.t) {
    case 'attach': {
      const { c, presence = 'none', d: presenceData, cursor, rewind, echo = true } = frame;
      return session.attach(c, { presence, presenceData, cursor, rewind, echo, signal });
    }
    case 'detach':
      return session.detach(frame.c);
    case 'publish': {
      const { r, c, i: id, e: event, d: given, b, q, x } = frame;
      const isBytes = b === 1 || given instanceof Uint8Array;
      const data = b === 1 ? new Uint8Array(Buffer.from(given as string, 'base64')) : given;
      const json = isBytes ? undefined : JSON.stringify(data);
      const beside = { ...(q && { sequence: q }), ...(x && { extras: x }) };
      const volatile = r === undefined;
      return session.publish(c, [{ id, event, data, json, volatile, ...beside }], signal);
    }
    case 'enter':
    case 'update':
      return session.presence[frame.t](frame.c, frame.d, signal);
    case 'leave':
      return session.presence.leave(frame.c, signal);
    case 'history': {
      const { c, limit, dir: direction, from, start, end } = frame;
      return session.history.page(c, { limit, direction, from, start, end }, signal);
    }
    case 'token':
      return session.refresh(frame);
    case 'ping':
      return session.ping(signal);
    case 'bye':
      return session.close();
    case 'connect':
    case 'pong':
      return undefined; // sent without being asked
  }
}

const asCodec = <Frame extends object>(frame: Frame, codec: BinaryCodec | undefined): Frame =>
  codec ? asPacked(frame) : frame;

/** Plays one client of a transcript; the test is the server. */
async function replay(
  lines: readonly TranscriptLine[],
  codec: BinaryCodec | undefined,
): Promise<void> {
  let harness: Harness | undefined;
  const asked: Promise<unknown>[] = [];
  for (const line of lines) {
    if (line.dir === '>' && 'frame' in line && line.frame.t === 'connect') {
      const { token = '', nonce, resume } = line.frame;
      harness = createHarness({ nonce, secret: resume, codec });
      harness.events.opened(codec);
      harness.credentials.resolve({ token });
    }
    if (!harness) throw new Error('the first line of a client is its connect');
    if ('close' in line) harness.events.closed({ code: line.close, reason: '' });
    else if (line.dir === '<') harness.receive(asCodec(line.frame, codec));
    else {
      const result = perform(harness.session, line.frame);
      if (result)
        asked.push(result.catch((error: unknown) => expect(error).toBeInstanceOf(TestError)));
      await settle();
      expect(harness.sent()).toEqual([asCodec(line.frame, codec)]);
    }
  }
  await Promise.all(asked);
}

describe.each(transcripts)('%s', (_, { about, lines }) => {
  it('says what it is about, and has only frames that the codec takes', () => {
    expect(about).toMatch(/\.$/);
    for (const line of lines) {
      if ('close' in line) continue;
      const decode = line.dir === '>' ? decodeClientFrames : decodeServerFrames;
      expect(decode(encodeFrame(line.frame))).toMatchObject([{ ok: true, frame: line.frame }]);
    }
  });

  it.each([
    ['JSON', undefined],
    ['MessagePack', messagePack()],
  ])('is what the client session says in %s', async (_name, codec) => {
    for (const who of new Set(lines.map((line) => line.who)))
      await replay(
        lines.filter((line) => line.who === who),
        codec,
      );
  });
});

it('the transcripts show every type of frame', () => {
  const shown = transcripts.flatMap(([, { lines }]) =>
    lines.flatMap((line) => ('close' in line ? [] : [line.frame.t])),
  );
  expect([...new Set(shown)].toSorted()).toEqual(
    [...new Set([...clientShapes.keys(), ...serverShapes.keys()])].toSorted(),
  );
});

describe('a matcher', () => {
  const attached: AttachedFrame = {
    t: 'attached',
    r: 1,
    c: 'room',
    continuity: 'initial',
    backlog: false,
    cursor: 'epoch-1:3:a:2',
  };

  it('lets the server choose an epoch once, and keeps it to the rest of the cursor', () => {
    const { difference } = createMatcher();
    expect(difference(attached, { ...attached, cursor: 'x9:3:a:2' })).toBeUndefined();
    expect(difference(attached, { ...attached, cursor: 'x9:3:a:2' })).toBeUndefined();
    expect(difference(attached, { ...attached, cursor: 'x8:3:a:2' })).toContain('"cursor"');
    expect(difference(attached, { ...attached, cursor: 'x9:4:a:2' })).toContain('"cursor"');
  });

  it('finds other, missing and additional members, also in lists', () => {
    const { difference } = createMatcher();
    const member = { u: 'ann', x: 'tab-1', k: 'c', d: { n: 1 } };
    const sync = { t: 'sync', c: 'room', first: true, members: [member] } as const;
    expect(difference(sync, { ...sync, members: [{ ...member, k: 'made-up' }] })).toBeUndefined();
    expect(difference(sync, { ...sync, members: [{ ...member, k: 'other' }] })).toContain(
      '"members"',
    );
    expect(difference(sync, { ...sync, members: [] })).toContain('"members"');
    expect(difference(sync, { ...sync, more: true })).toContain('"more"');
    expect(difference(sync, { t: 'sync', c: 'room', members: [member] })).toContain('"first"');
  });

  it('translates what the server made up', () => {
    const { difference, translate } = createMatcher();
    difference(attached, { ...attached, cursor: 'x9:3:a:2' });
    const attach = { t: 'attach', r: 2, c: 'room', cursor: 'epoch-1:1:' } as const;
    expect(translate(attach)).toEqual({ ...attach, cursor: 'x9:1:' });
    expect(translate({ ...attach, cursor: 'epoch-0:1:' })).toEqual({
      ...attach,
      cursor: 'epoch-0:1:',
    });
  });
});
