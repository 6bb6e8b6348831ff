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
import type { Clock, Store } from '@anywire/server/store';
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
import type { Clients } from './clients.ts';
import { defaults, type BackendOptions } from './options.ts';
import type { PresenceUpdates } from './presence.ts';
import type { Provider, ProviderKit } from './provider.ts';
import type { Publishing } from './publishing.ts';
import { createSigning } from './signing.ts';

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
  readonly clock: Clock;
  readonly onEvent: BackendOptions['onEvent'];
  readonly onPublish: BackendOptions['onPublish'];
}

export function createRoutes(parts: RouteParts): readonly Route[] {
  const { provider, store, publishing, presence, clients, gate, rules, onEvent } = parts;
  const { memberOf, sign } = createSigning(parts);
  const read = async (
    request: HttpRequest,
    members: Members,
  ): Promise<ReadonlyMap<string, unknown>> =>
    membersIn(await bodyOf(request, defaults.bodyBytes), members);
  const textOf = (given: ReadonlyMap<string, unknown>, name: string): string | undefined =>
    given.get(name) as string | undefined;

  async function auth(request: HttpRequest): Promise<HttpAnswer> {
    const given = await read(request, authMembers);
    const who = await clients.identify(request);
    const { detail, expiresAt } = await sign(who, {
      channel: textOf(given, 'channel'),
      channels: given.get('channels') as readonly unknown[] | undefined,
      connectionRef: textOf(given, 'connectionRef'),
      instanceId: textOf(given, 'instanceId'),
      presence: given.get('presence') as { data?: unknown } | undefined,
    });
    return jsonAnswer(200, { clientId: who.clientId, expiresAt, detail });
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
    const body = await request.text(defaults.bodyBytes);
    for (const event of await provider.webhook(request.headers, body)) {
      if (event.type === 'leave') presence.forget(event.channel, event);
      gate.tell('onEvent', () => onEvent?.(event));
    }
    return { status: 200 };
  }

  const kit: ProviderKit = {
    identify: (request) => clients.identify(request),
    sign: async (request, asked) => (await sign(await clients.identify(request), asked)).detail,
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
