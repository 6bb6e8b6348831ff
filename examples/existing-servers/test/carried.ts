/**
 * Lets the conformance suite, whose channels, events and data are any, speak through a dialect that knows the channels,
 * events and data of its server alone: each is carried in what the server has a frame for.
 *
 * It wraps the adapter from outside; the dialect, its session and the server are as everybody has them.
 *
 * @see existing-harness.ts
 */
import type { Adapter, Link, Outbound, PresenceChange, Session } from '@anywire/core';

/** An event and its data, as the suite says them, or as the server takes them. */
type Said = readonly [event: string, data: unknown];

/** How things are called on the server. */
export interface Carrying {
  /** Of the suite's channel. */
  readonly toServer: (channel: string) => string;
  /** Of what the suite publishes. */
  readonly pack: (...said: Said) => Said;
  /** Undefined: the server says it by itself, and no case is about it. */
  readonly unpack: (...said: Said) => Said | undefined;
  /** Who a member of the server is to the suite. @default as it is */
  readonly member?: <Change extends PresenceChange>(change: Change) => Change;
}

/** Carried as the text of a chat message in `room:{channel}`. */
export const inRooms: Carrying = {
  toServer: (channel) => `room:${channel}`,
  pack: (event, data) => ['message', { text: JSON.stringify([event, data]), name: 'anybody' }],
  unpack: (_, data) => JSON.parse((data as { text: string }).text) as Said,
};

/** @param adapter - A dialect's. */
export function carried(adapter: Adapter, carrying: Carrying): Adapter {
  const { toServer, pack, unpack, member = (change) => change } = carrying;
  /** The suite's names, by those of the server. */
  const names = new Map<string, string>();
  const to = (channel: string): string => {
    const name = toServer(channel);
    names.set(name, channel);
    return name;
  };
  const from = (name: string): string => names.get(name) ?? name;

  const linkOf = (link: Link): Link => ({
    ...link,
    attached: (name, info) => link.attached(from(name), info),
    replayed: (name) => link.replayed(from(name)),
    detached: (name, drop) => link.detached(from(name), drop),
    presence: (name, change) => link.presence(from(name), member(change)),
    report: (error, name) => link.report(error, name === undefined ? name : from(name)),
    received(name, message) {
      const said = unpack(message.event, message.data);
      if (said) link.received(from(name), { ...message, event: said[0], data: said[1] });
    },
  });

  const packed = (message: Outbound): Outbound => {
    const [event, data] = pack(message.event, JSON.parse(message.json as string));
    return { ...message, event, data, json: JSON.stringify(data) };
  };

  const sessionOf = (session: Session): Session => {
    const { presence, history, ping } = session;
    return {
      attach: (channel, request) => session.attach(to(channel), request),
      detach: (channel) => session.detach(to(channel)),
      publish: (channel, batch, signal) => session.publish(to(channel), batch.map(packed), signal),
      ...(ping && { ping }),
      close: () => session.close(),
      get native() {
        return session.native;
      },
      ...(presence && {
        presence: {
          enter: (channel, data, signal) => presence.enter(to(channel), data, signal),
          update: (channel, data, signal) => presence.update(to(channel), data, signal),
          leave: (channel, signal) => presence.leave(to(channel), signal),
        },
      }),
      ...(history && {
        history: {
          async page(channel, query, signal) {
            const page = await history.page(to(channel), query, signal);
            const items = page.items.flatMap((item) => {
              const said = unpack(item.event, item.data);
              return said ? [{ ...item, event: said[0], data: said[1] }] : [];
            });
            return { ...page, items };
          },
        },
      }),
    };
  };

  return {
    ...adapter,
    capabilitiesFor: (spec) =>
      adapter.capabilitiesFor?.({ ...spec, name: toServer(spec.name) }) ?? adapter.capabilities,
    open: (link, resume) => sessionOf(adapter.open(linkOf(link), resume)),
  };
}
