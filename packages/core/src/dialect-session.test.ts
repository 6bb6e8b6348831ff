import { describe, expect, it } from 'vitest';
import {
  attachedClient,
  dialectClient,
  outcome,
  plain,
  type DialectClient,
  type Serve,
} from '../test/dialect-client.ts';
import type { SocketEvent } from './dialect-spec.ts';
import type { Hint } from './environment.ts';
import { RealtimeError } from './errors.ts';

describe('a connection', () => {
  it('is there when the wire is open, and says first what connect says', async () => {
    const client = dialectClient({ dialect: { connect: () => ['hello', 1] } });
    await client.realtime.connection.connect();
    expect(client.wire.heard).toEqual([['hello', 1]]);
    expect(client.realtime.connection.id).toBe('wire-1');
  });

  it("with ready: 'frame' waits for the frame, and takes both ids from it", async () => {
    const client = dialectClient({ dialect: { connect: () => [], ready: 'frame' } });
    const connected = client.realtime.connection.connect();
    await client.clock.settle();
    expect(client.states).toEqual(['idle', 'connecting']);
    client.wire.say('told', { ready: true, clientId: 'ann', connectionId: 'c7' });
    await connected;
    expect(client.realtime.connection).toMatchObject({ id: 'c7', clientId: 'ann' });
  });

  it("with ready: 'reply' waits for the reply to the last of 2 frames", async () => {
    let reply = (_: unknown): void => {};
    const client = dialectClient({
      dialect: { connect: () => [['hello'], ['login']], ready: 'reply' },
      serve: { login: () => new Promise((resolve) => (reply = resolve)) },
    });
    const connected = client.realtime.connection.connect();
    await client.clock.settle();
    expect(client.wire.heard).toEqual([['hello'], ['login']]);
    expect(client.realtime.connection.state.get()).toBe('connecting');
    reply(['ok']);
    await connected;
  });

  it('whose token a frame refuses is opened again with the next of 2 tokens', async () => {
    const reasons: string[] = [];
    const client = dialectClient({
      dialect: {
        connect: ({ credentials }) => ['login', credentials.token],
        ready: 'frame',
      },
      serve: {
        login: ([token], wire) =>
          token === 'token-1'
            ? wire.say('told', { refused: 'token_expired', of: 'connection' })
            : wire.say('told', { ready: true }),
      },
      auth: async ({ reason }) => `token-${reasons.push(reason)}`,
    });
    const connected = client.realtime.connection.connect();
    await client.clock.advance(1_000);
    await connected;
    expect(reasons).toEqual(['connect', 'refused']);
    expect(client.wires.map(({ handshake }) => handshake.token)).toEqual(['token-1', 'token-2']);
    expect(client.wires[0]?.isClosed).toBe(true);
  });

  it('whose reply is a refusal is not ready, and says why', async () => {
    const client = dialectClient({
      dialect: {
        ...{ connect: () => ['login'], ready: 'reply' },
        answer: () => ({ refused: 'forbidden', message: 'not you' }),
      },
      serve: { login: () => ['no'] },
    });
    expect(await outcome(client.realtime.connection.connect())).toBe('[anywire:forbidden] not you');
    expect(client.states).toEqual(['idle', 'connecting', 'failed']);
  });

  it('that ends is opened again after 250 ms; closed() can say that it never will be', async () => {
    const client = dialectClient({
      dialect: { closed: ({ code }) => (code === 4003 ? { refused: 'forbidden' } : undefined) },
    });
    await client.realtime.connection.connect();
    client.wire.end({ code: 1006, reason: '' });
    expect(client.realtime.connection.error?.message).toBe(
      '[anywire:connection_failed] plain: the connection ended 1006',
    );
    await client.clock.advance(249);
    expect(client.wires).toHaveLength(1);
    await client.clock.advance(1);
    expect(client.realtime.connection.state.get()).toBe('connected');
    client.wire.end({ code: 4003, reason: 'banned' });
    expect(client.realtime.connection.state.get()).toBe('failed');
    expect(client.realtime.connection.error).toMatchObject({ code: 'forbidden' });
  });

  it('that ends for an old token is opened again with a new one', async () => {
    const reasons: string[] = [];
    const client = dialectClient({
      dialect: { closed: ({ code }) => (code === 4001 ? { refused: 'auth_failed' } : undefined) },
      auth: async ({ reason }) => `token-${reasons.push(reason)}`,
    });
    await client.realtime.connection.connect();
    client.wire.end({ code: 4001, reason: '' });
    await client.clock.advance(1_000);
    expect(reasons).toEqual(['connect', 'refused']);
    expect(client.wire.handshake.token).toBe('token-2');
  });

  it('is closed with the client, and hears nothing after that', async () => {
    const client = await attachedClient();
    await client.realtime.close();
    expect(client.wire.isClosed).toBe(true);
    client.wire.say('say', 'room', { event: 'e', data: 1 });
    expect(client.data).toEqual([]);
  });
});

describe('ping', () => {
  const pinging = async (
    serve: Readonly<Record<string, Serve>>,
    ping: () => SocketEvent = () => ['ping'],
  ): Promise<DialectClient> => {
    let hint: (hint: Hint) => void = () => {};
    const client = await attachedClient({
      dialect: { ping },
      environment: { watch: (fn) => ((hint = fn), () => {}) },
      serve,
    });
    hint('visible');
    return client;
  };

  it('is answered by any frame, also by one that says nothing to us', async () => {
    const client = await pinging({ ping: (_, wire) => wire.say('pong') });
    expect(client.wire.heard.filter(([event]) => event === 'ping')).toHaveLength(1);
    await client.clock.advance(60_000);
    expect(client.wires).toHaveLength(1);
  });

  it('that throws is reported by name, and ends nothing: the connection is as good as before', async () => {
    const client = await pinging({}, () => {
      throw new TypeError('x is undefined');
    });
    await client.clock.advance(60_000);
    expect(client.errors.map(({ message }) => message)).toEqual([
      "[anywire:invalid] ping() of the dialect 'plain' threw: x is undefined",
    ]);
    expect(client.wires).toHaveLength(1);
    expect(client.states.at(-1)).toBe('connected');
  });

  it('that nothing answers is the end of the first wire, and there is a second', async () => {
    const client = await pinging({});
    await client.clock.advance(60_000);
    expect(client.wires).toHaveLength(2);
    expect(client.wires[0]?.isClosed).toBe(true);
    expect(client.states).toContain('reconnecting');
  });
});

describe('a dialect function that throws', () => {
  const broken = (): never => {
    throw new TypeError('x is undefined');
  };
  const text = (what: string): string =>
    `[anywire:invalid] ${what}() of the dialect 'plain' threw: x is undefined`;

  it('receive and answer: is reported by name, and ends nothing', async () => {
    const client = await attachedClient({
      dialect: {
        receive: (frame, context) =>
          frame[0] === 'bad' ? broken() : plain.receive(frame, context),
        ack: { level: 'accepted', by: 'reply' },
        answer: broken,
      },
      serve: { publish: () => ['ok'] },
    });
    client.wire.say('bad');
    client.wire.say('say', 'room', { event: 'e', data: 1 });
    expect(client.errors.map(({ message }) => message)).toEqual([text('receive')]);
    await client.room.publish('e', 2);
    expect(client.errors.map(({ message }) => message)).toEqual([text('receive'), text('answer')]);
    expect(client.data).toContain(1);
    expect(client.states.at(-1)).toBe('connected');
    expect(client.wires).toHaveLength(1);
  });

  it('join, publish and history: reject their own call by name, and the connection lives', async () => {
    const client = dialectClient({
      dialect: {
        join: (channel) => (channel === 'bad' ? broken() : []),
        publish: broken,
        history: broken,
      },
    });
    expect(await outcome(client.realtime.channel('bad').attach())).toBe(text('join'));
    expect(await outcome(client.room.attach())).toBe('resolved');
    expect(await outcome(client.room.publish('e', 1))).toBe(text('publish'));
    expect(await outcome(client.room.history().next())).toBe(text('history'));
    expect(client.states.at(-1)).toBe('connected');
  });

  it('leave: is reported by name, the channel is detached, and others hear on', async () => {
    const client = await attachedClient({ dialect: { leave: broken }, lingerMs: 0 });
    const other = client.realtime.channel('other');
    await other.attach();
    await other.detach();
    await client.clock.settle();
    expect(other.state.get()).toBe('detached');
    client.wire.say('say', 'room', { event: 'e', data: 1 });
    expect(client.data).toEqual([1]);
    expect(client.errors.map(({ message }) => message)).toEqual([text('leave')]);
    expect(client.wires).toHaveLength(1);
  });

  it('connect and handshake: is told as the reason, and tried no more', async () => {
    for (const name of ['connect', 'handshake'] as const) {
      const client = dialectClient({ dialect: { [name]: broken } });
      expect(await outcome(client.realtime.connection.connect())).toBe(text(name));
    }
  });

  it('closed: is reported by name, and the end counts as a broken connection', async () => {
    const client = await attachedClient({ dialect: { closed: broken } });
    await client.comeBack();
    expect(client.errors.map(({ message }) => message)).toEqual([text('closed')]);
    expect(client.states.at(-1)).toBe('connected');
  });

  it('an error of ours is what it wanted to say', async () => {
    const client = dialectClient({
      dialect: {
        publish: () => {
          throw new RealtimeError('forbidden', 'read only');
        },
      },
    });
    expect(await outcome(client.room.publish('e', 1))).toBe('[anywire:forbidden] read only');
  });
});
