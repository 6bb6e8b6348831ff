import { RealtimeError } from '@anywire/core/errors';
import { describe, expect, it } from 'vitest';
import { scripted, type Scripted } from '../test/scripted.ts';
import type { BackendOptions, Provider } from './index.ts';

type Rights = Record<string, readonly string[]>;

/** A service with tokens, whose tokens are their rights. */
function withTokens(
  options: Partial<BackendOptions> = {},
  tokens: Partial<NonNullable<Provider['tokens']>> = {},
): Scripted {
  return scripted(options, {
    tokens: { ttlMs: 60_000, ...tokens },
    auth: ({ grants = [] }): Rights =>
      Object.fromEntries(grants.map(({ channel, may }) => [channel.name, [...may].sort()])),
  });
}

const all = ['attach', 'history', 'presence', 'publish'];

describe('a token', () => {
  it('allows in each of 3 channels what authorize does, each of 4 actions asked for itself', async () => {
    const asked: string[] = [];
    const { post, clock } = withTokens({
      authorize({ client, channel, action, event }) {
        asked.push(`${client.clientId} ${channel} ${action} ${event}`);
        return channel === 'mine' || (channel === 'news' && action !== 'publish');
      },
    });
    const channels = ['mine', 'news', 'staff', 'mine'];
    expect(await post('auth', { channels }, 'ann')).toEqual({
      status: 200,
      body: {
        ...{ clientId: 'ann', expiresAt: clock.now() + 60_000 },
        detail: { mine: all, news: ['attach', 'history', 'presence'] },
      },
    });
    expect(asked).toHaveLength(12);
    expect(asked).toContain('ann mine presence enter');
    expect(asked).toContain('ann mine publish undefined');
  });

  it('has no right that the channel has no use for: history, members, and members for the anonymous', async () => {
    const { post } = withTokens({ channels: { plain: {}, kept: { history: true, presence: {} } } });
    const channels = ['plain', 'kept', 'unknown', ''];
    expect((await post('auth', { channels }, 'ann')).body).toMatchObject({
      detail: { plain: ['attach', 'publish'], kept: all },
    });
    expect((await post('auth', { channels: ['kept'] })).body).toMatchObject({
      detail: { kept: ['attach', 'history', 'publish'] },
    });
  });

  it('never publishes past onPublish', async () => {
    const { post } = withTokens({ onPublish: () => ({ data: 1 }) });
    expect((await post('auth', { channels: ['a'] }, 'ann')).body).toMatchObject({
      detail: { a: ['attach', 'history', 'presence'] },
    });
  });

  it('ends with what ends first: itself, who asks, or a grant', async () => {
    const end = async (own: number | undefined, grant: number | undefined): Promise<number> => {
      const scene = withTokens({
        authenticate: () => ({ clientId: 'ann', expiresAt: own && now() + own }),
        authorize: () => ({ expiresAt: grant && now() + grant }),
      });
      const now = (): number => scene.clock.now();
      const { body } = await scene.post('auth', { channels: ['a'] }, 'ann');
      return (body as { expiresAt: number }).expiresAt - now();
    };
    expect(await end(undefined, undefined)).toBe(60_000);
    expect(await end(5_000, 9_000)).toBe(5_000);
    expect(await end(9_000, 3_000)).toBe(3_000);
  });

  it('covers what the app says where the client names nothing, and asks authorize for that, too', async () => {
    const { post } = withTokens(
      { authorize: ({ channel }) => channel !== 'staff' },
      { channels: async ({ clientId }) => [`user:${clientId}`, 'staff'] },
    );
    expect((await post('auth', {}, 'ann')).body).toMatchObject({ detail: { 'user:ann': all } });
    expect((await post('auth', { channels: [] }, 'ann')).body).toMatchObject({ detail: {} });
  });

  it.each([
    ['a single channel that is refused', 403, 'forbidden', { channel: 'staff' }],
    ['201 channels', 400, 'invalid', { channels: Array.from({ length: 201 }, (_, n) => `c${n}`) }],
    ['a name that is no text', 400, 'invalid', { channels: [1] }],
    ['a list that is none', 400, 'invalid', { channels: 'a' }],
  ])('is refused for %s, with %i %s', async (_, status, code, body) => {
    const { post } = withTokens({ authorize: ({ channel }) => channel !== 'staff' });
    expect(await post('auth', body, 'ann')).toMatchObject({ status, body: { error: { code } } });
  });

  it('is no token of less where the app fails to name its channels: 500', async () => {
    const { post } = withTokens({}, { channels: () => Promise.reject(new Error('no database')) });
    expect(await post('auth', {}, 'ann')).toMatchObject({ status: 500 });
  });
});

it('a service that signs one channel at a time refuses a list', async () => {
  const { post } = scripted();
  expect(await post('auth', { channels: ['a'] }, 'ann')).toMatchObject({
    ...{ status: 400, body: { error: { code: 'invalid' } } },
  });
});

it('a service that can leave out nobody says so, before anything is sent', async () => {
  const { backend, sent } = scripted({}, { excludes: false });
  await expect(backend.publish('a', 'e', 1, { except: '1.2' })).rejects.toSatisfy((error) =>
    RealtimeError.is(error, 'unsupported'),
  );
  expect(sent).toEqual([]);
  await backend.publish('a', 'e', 1);
  expect(sent).toHaveLength(1);
});
