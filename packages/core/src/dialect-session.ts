/**
 * One connection to a server that knows nothing of us: what core asks becomes what its dialect says, over a wire that an
 * adapter lends.
 *
 * What comes in is `dialect-inbox.ts`; what core makes of it all (queues, gaps, copies of own messages) is core's.
 *
 * @see docs/existing-servers.md · dialect-session.test.ts
 */
import type { Link, Outbound, PublishOutcome, Session } from './contract.ts';
import { blame, framesOf, guarded, noSuch, type OwnContext, stated } from './dialect-calls.ts';
import { pageOf } from './dialect-history.ts';
import { createInbox } from './dialect-inbox.ts';
import { openLine } from './dialect-line.ts';
import { createRoom, type Room } from './dialect-rooms.ts';
import { createSentList, type Sent } from './dialect-sent.ts';
import type { DialectSpec, DialectTransport } from './dialect-spec.ts';
import type { OpenWire } from './dialect-wire.ts';
import { RealtimeError } from './errors.ts';

/** Opens a line, and speaks. */
export function openDialect(
  spec: DialectSpec,
  open: OpenWire<DialectTransport>,
  link: Link,
  resume: unknown,
): Session {
  const { name, presence } = spec;
  const rooms = new Map<string, Room>();
  const sents = createSentList();
  const pings = new Set<() => void>();
  const context: OwnContext = {
    clientId: link.clientId,
    connectionId: undefined,
    instanceId: link.instanceId,
    credentials: {},
    get channels() {
      return [...rooms.keys()];
    },
    memory: new Map(),
  };
  const line = openLine(spec, open, link, context, {
    received(frame) {
      for (const answered of [...pings]) answered();
      inbox.received(frame);
    },
    answered: (reply, question) => inbox.answered(reply, question),
  });
  const report = (error: RealtimeError): void => {
    if (!line.over.aborted) link.report(error);
  };
  const inbox = createInbox({
    ...{ spec, link, context, rooms, sents, line },
    isBack: resume !== undefined,
  });
  const call = <Value>(what: string, run: () => Value): Value => guarded(name, what, run);
  /** Of a call that nobody waits for: what it throws is told. */
  const attempt = <Value>(what: string, run: () => Value): Value | undefined => {
    try {
      return call(what, run);
    } catch (error) {
      report(error as RealtimeError);
      return undefined;
    }
  };
  const { say, wait } = line;

  // --- channels ---

  function join(room: Room): Promise<void> {
    const { channel, request } = room;
    const said = spec.join ? call('join', () => spec.join?.(channel, context)) : [];
    const isElsewhere = !spec.join && (spec.defaultChannel ?? channel) !== channel;
    if (said === undefined || isElsewhere) throw noSuch(spec, `channel '${channel}'`);
    const question = { to: 'join', channel } as const;
    if (spec.joined && framesOf(spec.on, said)?.length)
      return wait(request.signal, (resolve, reject) => {
        room.settle = (error) => (error ? reject(error) : resolve());
        say(said, question, spec.joined === 'reply', request.signal).catch(reject);
      });
    return say(said, question, false, request.signal).then(() => inbox.joined(room, []));
  }

  /** What an attach asks of presence. */
  async function present({ channel, request, members }: Room): Promise<void> {
    const { presence: mode, presenceData, signal } = request;
    if (!presence) return;
    const isWatched = mode === 'watch' || mode === 'enter';
    members.watch(isWatched);
    if (mode === 'enter') await told('enter', channel, presenceData, signal);
    if (!isWatched || !presence.list) return;
    const ask = async (): Promise<void> => {
      const said = call('presence.list', () => presence.list?.(channel, context));
      await say(said, { to: 'presence', channel }, !!spec.answer);
    };
    ask().catch(report);
  }

  async function told(
    verb: 'enter' | 'update' | 'leave',
    channel: string,
    data: unknown,
    signal: AbortSignal,
  ): Promise<void> {
    const said = call(`presence.${verb}`, () => {
      if (verb === 'leave') return presence?.leave?.(channel, context);
      // Who has joined is in.
      return presence?.[verb]
        ? presence[verb](channel, data, context)
        : verb === 'enter'
          ? []
          : undefined;
    });
    if (said === undefined) throw noSuch(spec, `presence.${verb} for '${channel}'`);
    await say(said, { to: 'presence', channel }, false, signal);
  }

  // --- messages ---

  async function publish(
    channel: string,
    { id, event, data: given, json, volatile }: Outbound,
    signal: AbortSignal,
  ): Promise<PublishOutcome> {
    // As it was when it was published, whatever has become of the app's object.
    const data: unknown = json === undefined ? given : JSON.parse(json);
    const sent: Sent = { id, channel, event };
    try {
      const said = call('publish', () =>
        spec.publish?.({ channel, event, data, id, volatile }, context),
      );
      if (said === undefined)
        throw noSuch(spec, spec.publish ? `words for '${event}' in '${channel}'` : 'publish');
      const isAcked = !volatile && (spec.ack?.events?.includes(event) ?? true);
      const by = isAcked ? spec.ack?.by : undefined;
      if (spec.ack || spec.own) sents.add(sent);
      const question = { to: 'publish', channel, id } as const;
      if (by)
        return await wait<PublishOutcome>(signal, (resolve, reject) => {
          sent.settle = resolve;
          say(said, question, by === 'reply', signal).catch(reject);
        });
      await say(said, question, false, signal);
      return { level: volatile ? 'none' : 'written' };
    } catch (error) {
      sent.settle = undefined;
      sents.delete(sent);
      if (signal.aborted || line.over.aborted) throw error;
      const { retryAfterMs } = error as { retryAfterMs?: number };
      return { error: blame(name, 'publish', error), ...stated({ retryAfterMs }) };
    }
  }

  return {
    async attach(channel, request) {
      const known = rooms.get(channel);
      if (known?.isJoined) {
        known.request = request;
        link.attached(channel, { continuity: 'kept' });
        return present(known);
      }
      const other = spec.oneChannel && [...rooms.keys()].find((one) => one !== channel);
      if (other)
        throw noSuch(spec, `second channel at a time: '${other}' is attached, detach it first`);
      const room = createRoom(link, channel, request);
      rooms.set(channel, room);
      try {
        await join(room);
      } catch (error) {
        if (rooms.get(channel) === room) rooms.delete(channel);
        throw error;
      }
      await present(room);
    },
    async detach(channel) {
      rooms.get(channel)?.settle?.(new RealtimeError('detached', `'${channel}' was detached`));
      rooms.delete(channel);
      const said = attempt('leave', () => spec.leave?.(channel, context));
      if (said !== undefined) await say(said, { to: 'join', channel });
    },
    publish: (channel, batch, signal) =>
      Promise.all(batch.map((message) => publish(channel, message, signal))),
    ...(presence && {
      presence: {
        enter: (channel, data, signal) => told('enter', channel, data, signal),
        update: (channel, data, signal) => told('update', channel, data, signal),
        leave: (channel, signal) => told('leave', channel, undefined, signal),
      },
    }),
    ...(spec.history && {
      history: {
        page: (channel, query, signal) =>
          pageOf(
            async (before, limit) => {
              try {
                const found = await spec.history?.(channel, { before, limit, signal }, context);
                return (found ?? []).map((message) => inbox.toInbound(message));
              } catch (cause) {
                throw blame(name, 'history', cause);
              }
            },
            query,
            rooms.get(channel)?.first,
          ),
      },
    }),
    ...(spec.ping && {
      ping: (signal: AbortSignal) => {
        const said = attempt('ping', () => spec.ping?.(context));
        if (said === undefined) return Promise.resolve(); // nothing was asked, so silence proves nothing
        let heard = (): void => {};
        return wait<void>(signal, (resolve, reject) => {
          heard = () => resolve();
          pings.add(heard);
          say(said, { to: 'connect' }).catch(reject);
        }).finally(() => pings.delete(heard));
      },
    }),
    async close() {
      line.end(new RealtimeError('closed', 'the session was closed'));
    },
    get native() {
      return line.native;
    },
  };
}
