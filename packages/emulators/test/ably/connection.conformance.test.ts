/** Connections and tokens of the emulated Ably, as the vendor's own client meets them. @see ../../SOURCE.md#ably-connecting */
import { describe, expect, it } from 'vitest';
import { failure, formats, next, openScene } from './scene.ts';

describe.each(formats)('connections in %s', (_, isBinary) => {
  it('one has an id, a key that begins with it, and answers a ping', async () => {
    const { client, service } = await openScene(isBinary);
    const { connection } = client({ realtimeRequestTimeout: 100 }); // its ping leaves a timer behind
    await connection.whenState('connected');
    expect(connection.id).toMatch(/^\w{10}$/);
    expect(connection.key).toContain(`${connection.id}!`);
    expect(await connection.ping()).toBeGreaterThanOrEqual(0);
    expect(service.connections()).toEqual([connection.id]);
  });

  it.each([
    ['a wrong secret', 'app.key:wrong', 40101],
    ['an unknown key', 'app.none:secret', 40101],
    ['an unknown app', 'none.key:secret', 40400],
  ])('%s ends in failed, with its code', async (_name, key, code) => {
    const { client } = await openScene(isBinary);
    const { connection } = client({ key });
    await connection.whenState('failed');
    expect(connection.errorReason?.code).toBe(code);
  });

  it('after a drop it is the same one', async () => {
    const { client, service } = await openScene(isBinary);
    const { connection } = client();
    await connection.whenState('connected');
    const { id } = connection;
    service.drop();
    const { reason } = await next(connection, 'disconnected');
    expect(reason?.code).toBe(80003);
    await next(connection, 'connected');
    expect(connection.id).toBe(id);
  });

  it('one that was forgotten is another one afterwards, and says 80008', async () => {
    const { client, service } = await openScene(isBinary);
    const { connection } = client();
    await connection.whenState('connected');
    const { id } = connection;
    service.forgetConnections();
    service.drop();
    const { reason } = await next(connection, 'connected');
    expect(reason?.code).toBe(80008);
    expect(connection.id).not.toBe(id);
  });

  it('it is forgotten after `connectionStateTtlMs`', async () => {
    const { client, service } = await openScene(isBinary, {
      times: { connectionStateTtlMs: 100 },
    });
    const { connection } = client({ suspendedRetryTimeout: 50 });
    await connection.whenState('connected');
    service.refuse(1_000);
    service.drop();
    await next(connection, 'suspended');
    await next(connection, 'connecting');
    service.refuse(0);
    expect((await next(connection, 'connected')).reason?.code).toBe(80008);
  });

  it('it is recovered in another client once, then 80008; garbage is 80018', async () => {
    const { client, service } = await openScene(isBinary);
    const first = client();
    await first.channels.get('room').attach();
    const recover = first.connection.createRecoveryKey() ?? '';
    const { id } = first.connection;
    service.drop();
    service.refuse(1_000);
    await next(first.connection, 'disconnected');
    first.close();
    service.refuse(0);
    const second = client({ recover });
    await next(second.connection, 'connected');
    expect(second.connection.id).toBe(id);
    expect((await next(client({ recover }).connection, 'connected')).reason?.code).toBe(80008);
    const garbage = JSON.stringify({ connectionKey: '_!no', msgSerial: 0, channelSerials: {} });
    const { reason } = await next(client({ recover: garbage }).connection, 'connected');
    expect(reason?.code).toBe(80018);
  });

  it('it is told to come back, or never to', async () => {
    const { client, service } = await openScene(isBinary);
    const { connection } = client();
    await connection.whenState('connected');
    service.disconnectWith(80003);
    await next(connection, 'connected');
    service.failConnection(40300);
    expect((await next(connection, 'failed')).reason?.code).toBe(40300);
  });

  it('2 handshakes that are refused are tried again', async () => {
    const { client, service } = await openScene(isBinary);
    service.refuse(2);
    const { connection } = client();
    expect((await next(connection, 'disconnected')).reason?.code).toBe(80003);
    await next(connection, 'connected');
  });

  it('a silent one is left, a quiet one is kept by heartbeats', async () => {
    const { client, service } = await openScene(isBinary, { times: { maxIdleIntervalMs: 40 } });
    for (const heartbeats of [true, false]) {
      const { connection } = client({
        realtimeRequestTimeout: 80,
        transportParams: { heartbeats: String(heartbeats) },
      });
      await connection.whenState('connected');
      const lost = next(connection, 'disconnected');
      const isKept = await Promise.race([lost.then(() => false), idle(300).then(() => true)]);
      expect(isKept).toBe(true);
      service.mute();
      expect((await lost).reason?.code).toBe(80003);
      connection.close();
    }
  });

  it('close() ends it, and its members leave at once', async () => {
    const { client, service } = await openScene(isBinary);
    const [ann, bob] = [client({ clientId: 'ann' }), client()];
    const { presence } = bob.channels.get('room');
    const left = new Promise<string>((resolve) => {
      void presence.subscribe('leave', ({ clientId }) => resolve(clientId));
    });
    await presence.get();
    await ann.channels.get('room').presence.enter();
    ann.close();
    expect(await left).toBe('ann');
    await ann.connection.whenState('closed');
    expect(service.connections()).toEqual([bob.connection.id]);
  });
});

/** The longest that the test above waits for nothing to happen. */
const idle = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe.each(formats)('tokens in %s', (_, isBinary) => {
  /** A client with one token after the other. */
  const tokens =
    (rest: () => { auth: { requestToken(params: object): Promise<object> } }, params: object[]) =>
    (__: unknown, answer: (error: null, token: object) => void): void => {
      const [first = {}] = params;
      if (params.length > 1) params.shift();
      void rest()
        .auth.requestToken(first)
        .then((token) => answer(null, token));
    };

  it('a better one upgrades a channel in place, a lesser one fails it', async () => {
    const { client, rest } = await openScene(isBinary);
    const params = ['{"room":["subscribe"]}', '{"room":["*"]}', '{"other":["*"]}'].map(
      (capability) => ({ capability }),
    );
    const ann = client({ authCallback: tokens(rest, params) });
    const channel = ann.channels.get('room');
    await channel.attach();
    expect(await failure(channel.publish('e', 'x'))).toBe(40160);
    await ann.auth.authorize();
    expect(await failure(channel.publish('e', 'x'))).toBe('no error');
    const failed = next(channel, 'failed');
    await ann.auth.authorize();
    expect((await failed).reason?.code).toBe(40160);
    expect(ann.connection.state).toBe('connected');
  });

  it('one that expires is asked for again, and the connection is the same', async () => {
    const { client, rest } = await openScene(isBinary);
    const params = [{ ttl: 100, clientId: 'ann' }, { clientId: 'ann' }];
    const { connection, auth } = client({ authCallback: tokens(rest, params) });
    await connection.whenState('connected');
    const { id } = connection;
    expect((await next(connection, 'disconnected')).reason?.code).toBe(40142);
    await next(connection, 'connected');
    expect([connection.id, auth.clientId]).toEqual([id, 'ann']);
  });

  it('one for another client id is 40102', async () => {
    const { client, rest } = await openScene(isBinary);
    const token = await rest().auth.requestToken({ clientId: 'ann' });
    const { connection } = client({ token: token.token, clientId: 'bob' });
    await connection.whenState('failed');
    expect(connection.errorReason?.code).toBe(40102);
  });

  it('one for any client id takes the one that is asked for', async () => {
    const { client, rest } = await openScene(isBinary);
    const { token } = await rest().auth.requestToken({ clientId: '*' });
    const ann = client({ token, clientId: 'ann' });
    await ann.connection.whenState('connected');
    expect(ann.auth.clientId).toBe('ann');
  });

  it('one that was not issued here is 40101', async () => {
    const { client } = await openScene(isBinary);
    const { connection } = client({ token: 'app.unknown' });
    await connection.whenState('failed');
    expect(connection.errorReason?.code).toBe(40101);
  });
});
