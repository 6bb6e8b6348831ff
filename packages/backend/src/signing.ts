/**
 * What is signed for a client: a channel, the members of one, who it is; or a token for all channels that it names.
 *
 * @see docs/backend.md#post-auth · signing.test.ts
 */
import { RealtimeError } from '@anywire/core/errors';
import { invalid } from './bodies.ts';
import type { Who } from './clients.ts';
import { defaults } from './options.ts';
import type { AuthRequest, ChannelAction, ChannelGrant, ProviderMember } from './provider.ts';
import type { RouteParts } from './routes.ts';

const instance = /^\S{0,128}$/;

export interface Asked {
  readonly channel?: string | undefined;
  readonly channels?: readonly unknown[] | undefined;
  readonly connectionRef?: string | undefined;
  readonly instanceId?: string | undefined;
  readonly presence?: { readonly data?: unknown } | undefined;
}

export interface Signed {
  readonly detail: unknown;
  /** ms since 1970: of who asks, or of the token. */
  readonly expiresAt: number | undefined;
}

export interface Signing {
  /** A client that is a member, with the data that the app grants it. @throws {RealtimeError} */
  memberOf(
    who: Who,
    channel: string,
    connectionRef: string | undefined,
    instanceId: string,
    data: unknown,
  ): Promise<ProviderMember>;
  /** @throws {RealtimeError} forbidden, invalid, unsupported, client_id_required, payload_too_large */
  sign(who: Who, asked: Asked): Promise<Signed>;
}

export function createSigning(
  parts: Pick<
    RouteParts,
    'provider' | 'clients' | 'gate' | 'rules' | 'presence' | 'clock' | 'onPublish'
  >,
): Signing {
  const { provider, clients, gate, rules, presence, clock, onPublish } = parts;

  const memberOf: Signing['memberOf'] = async (who, channel, connectionRef, instanceId, data) => {
    if (!rules(channel).presence)
      throw new RealtimeError('unsupported', 'this channel has no members');
    if (who.clientId === undefined)
      throw new RealtimeError('client_id_required', 'a member needs a client id');
    // A service knows a member by both ids in one text: 'ann x' at 'y' would be 'ann' at 'x y', and replace it.
    if (!instance.test(instanceId))
      throw invalid('"instanceId" has up to 128 characters, none of them a space');
    const client = clients.client(who, connectionRef, instanceId);
    const request = { client, channel, action: 'presence', event: 'enter' } as const;
    const { presenceData = data } = await gate.authorize(request);
    if (Buffer.byteLength(JSON.stringify(presenceData ?? null)) > provider.limits.presenceBytes)
      throw new RealtimeError(
        'payload_too_large',
        `the data of a member have more than ${provider.limits.presenceBytes} bytes`,
      );
    return { clientId: who.clientId, instanceId, data: presenceData ?? null };
  };

  /** What a client may do in one channel, and until when. @throws {RealtimeError} */
  async function grantOf(
    who: Who,
    channel: string,
    { connectionRef, instanceId }: Asked,
  ): Promise<ChannelGrant & { readonly expiresAt: number }> {
    const { kind, history, presence: hasMembers } = rules(channel);
    const client = clients.client(who, connectionRef, instanceId);
    const isAsked: Readonly<Record<ChannelAction, boolean>> = {
      attach: true,
      // A token publishes past the backend, which could change or refuse nothing.
      publish: onPublish === undefined,
      presence: hasMembers && who.clientId !== undefined,
      history,
    };
    const actions = (Object.keys(isAsked) as ChannelAction[]).filter((action) => isAsked[action]);
    const may = new Set<ChannelAction>();
    let earliest = Infinity;
    const answers = actions.map(async (action) => {
      const event = action === 'presence' ? 'enter' : undefined;
      const grant = await unlessRefused(() => gate.authorize({ client, channel, action, event }));
      if (!grant) return;
      may.add(action);
      earliest = Math.min(earliest, grant.expiresAt ?? Infinity);
    });
    await Promise.all(answers);
    return { channel: { name: channel, kind }, may, expiresAt: earliest };
  }

  /** One token for all that is named; what is refused is left out, and the service says so when it is used. */
  async function token(who: Who, asked: Asked, request: AuthRequest): Promise<Signed> {
    const { channel, connectionRef, instanceId } = asked;
    const client = clients.client(who, connectionRef, instanceId);
    const named =
      channel === undefined
        ? (asked.channels ?? (await provider.tokens?.channels?.(client)) ?? [])
        : [channel];
    if (named.length > defaults.tokenChannels || named.some((name) => typeof name !== 'string'))
      throw invalid(`"channels" has up to ${defaults.tokenChannels} names`);
    const names = [...new Set(named as readonly string[])];
    const found = await Promise.all(
      names.map((name) => unlessRefused(() => grantOf(who, name, asked))),
    );
    const grants = found.filter((grant) => grant !== undefined && grant.may.size > 0);
    if (channel !== undefined && grants.length === 0)
      throw new RealtimeError('forbidden', 'this client may do nothing here');
    const { issuedAt } = request;
    const expiresAt = Math.min(
      issuedAt + (provider.tokens?.ttlMs ?? 0),
      who.expiresAt ?? Infinity,
      ...grants.map((grant) => grant?.expiresAt ?? Infinity),
    );
    const detail = await provider.auth({
      ...request,
      expiresAt,
      grants: grants.flatMap((grant) =>
        grant ? [{ channel: grant.channel, may: grant.may }] : [],
      ),
    });
    return { detail, expiresAt };
  }

  return {
    memberOf,
    async sign(who, asked) {
      const { channel, channels, connectionRef, instanceId = '', presence: wanted } = asked;
      const { clientId, claims, expiresAt } = who;
      const request: AuthRequest = { clientId, claims, connectionRef, issuedAt: clock.now() };
      if (provider.tokens) return token(who, asked, request);
      if (channels !== undefined)
        throw invalid(`${provider.name} signs one channel at a time: "channel"`);
      if (channel === undefined) return { detail: await provider.auth(request), expiresAt };
      const to = { name: channel, kind: rules(channel).kind };
      if (!wanted) {
        const client = clients.client(who, connectionRef, instanceId);
        await gate.authorize({ client, channel, action: 'attach', event: undefined });
        return { detail: await provider.auth({ ...request, channel: to }), expiresAt };
      }
      const member = await memberOf(who, channel, connectionRef, instanceId, wanted.data);
      // Where another connection of the same member is still there, the service goes on showing what that one was signed with.
      presence.set(channel, member);
      return { detail: await provider.auth({ ...request, channel: to, member }), expiresAt };
    },
  };
}

/** A no, or a name that cannot be, is no grant; what fails otherwise is told. */
async function unlessRefused<Value>(
  ask: () => Value | PromiseLike<Value>,
): Promise<Value | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (['forbidden', 'invalid'].includes((error as RealtimeError).code)) return undefined;
    throw error;
  }
}
