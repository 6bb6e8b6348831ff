/**
 * The requests that clients make, as a table.
 *
 * @see docs/backend.md, which specifies them · routes.test.ts
 */
import { RealtimeError } from '@anywire/core/errors';
import {
  bodyOf,
  jsonAnswer,
  membersIn,
  parametersIn,
  type ChannelRules,
  type Gate,
  type HttpAnswer,
  type HttpRequest,
  type Members,
  type Route,
} from '@anywire/server/kit';
import type { Store } from '@anywire/server/store';
import {
  authMembers,
  channelParameters,
  historyParameters,
  invalid,
  messageIn,
  positionMembers,
  presenceMembers,
  publishMembers,
  shown,
} from './bodies.ts';
import type { Clients, Who } from './clients.ts';
import { defaults, type BackendOptions } from './options.ts';
import type { PresenceUpdates } from './presence.ts';
import type { Provider, ProviderKit, ProviderMember } from './provider.ts';
import type { Publishing } from './publishing.ts';

const instance = /^\S{0,128}$/;

/** What this client may not know is nothing to it; a store that fails is no answer, or it would look like an empty one. */
function nullIfRefused(error: unknown): null {
  if (['forbidden', 'invalid'].includes((error as RealtimeError).code)) return null;
  throw error;
}

export interface RouteParts {
  readonly provider: Provider;
  readonly store: Store | undefined;
  readonly publishing: Publishing;
  readonly presence: PresenceUpdates;
  readonly clients: Clients;
  readonly gate: Gate;
  readonly rules: (channel: string) => ChannelRules;
  readonly onEvent: BackendOptions['onEvent'];
}

export function createRoutes(parts: RouteParts): readonly Route[] {
  const { provider, store, publishing, presence, clients, gate, rules, onEvent } = parts;
  const read = async (
    request: HttpRequest,
    members: Members,
  ): Promise<ReadonlyMap<string, unknown>> =>
    membersIn(await bodyOf(request, defaults.bodyBytes), members);
  const textOf = (given: ReadonlyMap<string, unknown>, name: string): string | undefined =>
    given.get(name) as string | undefined;

  /** A client that is a member, with the data that the app grants it. */
  async function memberOf(
    who: Who,
    channel: string,
    connectionRef: string | undefined,
    instanceId: string,
    data: unknown,
  ): Promise<ProviderMember> {
    if (!rules(channel).presence)
      throw new RealtimeError('unsupported', 'this channel has no members');
    if (who.clientId === undefined)
      throw new RealtimeError('client_id_required', 'a member needs a client id');
    // A service knows a member by both ids in one text: 'ann x' at 'y' would be 'ann' at 'x y', and replace it.
    if (!instance.test(instanceId))
      throw invalid('"instanceId" has up to 128 characters, none of them a space');
    const client = clients.client(who, connectionRef, instanceId);
    const { presenceData = data } = await gate.authorize({
      client,
      channel,
      action: 'presence',
      event: 'enter',
    });
    if (Buffer.byteLength(JSON.stringify(presenceData ?? null)) > provider.limits.presenceBytes)
      throw new RealtimeError(
        'payload_too_large',
        `the data of a member have more than ${provider.limits.presenceBytes} bytes`,
      );
    return { clientId: who.clientId, instanceId, data: presenceData ?? null };
  }

  async function sign(
    who: Who,
    {
      channel,
      connectionRef,
      instanceId = '',
      presence: wanted,
    }: {
      channel?: string | undefined;
      connectionRef?: string | undefined;
      instanceId?: string | undefined;
      presence?: { data?: unknown } | undefined;
    },
  ): Promise<unknown> {
    const asked = { clientId: who.clientId, claims: who.claims, connectionRef };
    if (channel === undefined) return provider.auth(asked);
    const { kind } = rules(channel);
    if (!wanted) {
      const client = clients.client(who, connectionRef, instanceId);
      await gate.authorize({ client, channel, action: 'attach', event: undefined });
      return provider.auth({ ...asked, channel: { name: channel, kind } });
    }
    const member = await memberOf(who, channel, connectionRef, instanceId, wanted.data);
    // Where another connection of the same member is still there, the service goes on showing what that one was signed with.
    presence.set(channel, member);
    return provider.auth({ ...asked, channel: { name: channel, kind }, member });
  }

  async function auth(request: HttpRequest): Promise<HttpAnswer> {
    const given = await read(request, authMembers);
    const who = await clients.identify(request);
    const detail = await sign(who, {
      channel: textOf(given, 'channel'),
      connectionRef: textOf(given, 'connectionRef'),
      instanceId: textOf(given, 'instanceId'),
      presence: given.get('presence') as { data?: unknown } | undefined,
    });
    const { clientId, expiresAt } = who;
    return jsonAnswer(200, { clientId, expiresAt, detail });
  }

  async function publish(request: HttpRequest): Promise<HttpAnswer> {
    const given = await read(request, publishMembers);
    const list = given.get('messages') as readonly unknown[];
    if (list.length === 0 || list.length > defaults.batch)
      throw invalid(`"messages" has 1 to ${defaults.batch} of them`);
    const messages = list.map(messageIn);
    const who = await clients.identify(request);
    await clients.claim(
      messages.map(({ id }) => id),
      who,
      textOf(given, 'secret'),
    );
    const channel = textOf(given, 'channel') as string;
    const client = clients.client(who, textOf(given, 'connectionRef'), textOf(given, 'instanceId'));
    return jsonAnswer(200, {
      outcomes: await publishing.publish(channel, messages, client, undefined),
    });
  }

  async function positions(request: HttpRequest): Promise<HttpAnswer> {
    const channels = (await read(request, positionMembers)).get('channels') as readonly unknown[];
    if (channels.length > 1_000 || channels.some((name) => typeof name !== 'string'))
      throw invalid('"channels" has up to 1,000 names');
    const who = await clients.identify(request);
    const client = clients.client(who);
    const found = (channels as readonly string[]).map(async (channel) => {
      if (!store || !rules(channel).history) return null;
      await gate.authorize({ client, channel, action: 'attach', event: undefined });
      return store.position(channel);
    });
    return jsonAnswer(200, {
      positions: await Promise.all(found.map((one) => one.catch(nullIfRefused))),
    });
  }

  async function history(request: HttpRequest): Promise<HttpAnswer> {
    const query = parametersIn(request.query, historyParameters);
    const channel = query.get('channel');
    if (typeof channel !== 'string') throw invalid('"channel" is missing');
    const who = await clients.identify(request);
    if (!store || !rules(channel).history)
      throw new RealtimeError('unsupported', 'this channel has no history');
    await gate.authorize({
      client: clients.client(who),
      channel,
      action: 'history',
      event: undefined,
    });
    const { items, ...page } = await store.page(
      channel,
      Object.fromEntries([...query].filter(([name]) => name !== 'channel')),
    );
    return jsonAnswer(200, { ...page, items: items.map(shown) });
  }

  async function present(request: HttpRequest): Promise<HttpAnswer> {
    const given = await read(request, presenceMembers);
    const who = await clients.identify(request);
    const channel = textOf(given, 'channel') as string;
    const instanceId = textOf(given, 'instanceId') as string;
    const { kind } = rules(channel);
    const isUpdate = given.has('data');
    const member = await memberOf(
      who,
      channel,
      textOf(given, 'connectionRef'),
      instanceId,
      given.get('data'),
    );
    if (isUpdate) presence.set(channel, member);
    else presence.forget(channel, member);
    await provider.present?.({ name: channel, kind }, member, isUpdate ? 'update' : 'leave');
    return { status: 204 };
  }

  async function members(request: HttpRequest): Promise<HttpAnswer> {
    const channel = parametersIn(request.query, channelParameters).get('channel');
    if (typeof channel !== 'string') throw invalid('"channel" is missing');
    const who = await clients.identify(request);
    await gate.authorize({
      client: clients.client(who),
      channel,
      action: 'presence',
      event: 'watch',
    });
    return jsonAnswer(200, { members: presence.of(channel) });
  }

  async function webhooks(request: HttpRequest): Promise<HttpAnswer> {
    if (!provider.webhook)
      throw new RealtimeError('unsupported', `${provider.name} has no webhooks`);
    for (const event of provider.webhook(request.headers, await request.text(defaults.bodyBytes))) {
      if (event.type === 'leave') presence.forget(event.channel, event);
      gate.tell('onEvent', () => onEvent?.(event));
    }
    return { status: 200 };
  }

  const kit: ProviderKit = {
    identify: (request) => clients.identify(request),
    sign: async (request, asked) => sign(await clients.identify(request), asked),
  };
  return [
    { path: /^\/auth$/, methods: { POST: auth } },
    { path: /^\/publish$/, methods: { POST: publish } },
    { path: /^\/positions$/, methods: { POST: positions } },
    { path: /^\/history$/, methods: { GET: history } },
    { path: /^\/presence$/, methods: { GET: members, POST: present } },
    { path: /^\/webhooks$/, methods: { POST: webhooks } },
    ...(provider.routes?.(kit) ?? []),
  ];
}
