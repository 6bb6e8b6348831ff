/**
 * Who we are, kept in localStorage. The key proves that the id is ours; the server has no accounts, and checks
 * the id against the key alone. @see ../server/tokens.ts
 */
import { RealtimeError, type Credentials } from '@anywire/core';

export interface Profile {
  readonly id: string;
  readonly name: string;
  readonly key: string;
}

interface TokenAnswer extends Profile {
  readonly token: string;
  readonly expiresInMs: number;
}

const storageKey = 'anywire-chat.profile';

export function savedProfile(): Profile | undefined {
  try {
    const saved = JSON.parse(localStorage.getItem(storageKey) ?? 'null') as Partial<Profile> | null;
    const { id, name, key } = saved ?? {};
    return id && name && key ? { id, name, key } : undefined;
  } catch {
    return undefined; // storage is switched off, or somebody wrote into it
  }
}

/** Asks the server for an id. @throws {Error} in words that can be shown */
export async function signIn(name: string): Promise<Profile> {
  const response = await requestToken({ name }).catch(() => undefined);
  if (!response) throw new Error('The server cannot be reached. Is it running?');
  if (!response.ok) throw new Error(await response.text());
  const { id, key, name: given } = (await response.json()) as TokenAnswer;
  const profile = { id, name: given, key };
  localStorage.setItem(storageKey, JSON.stringify(profile));
  return profile;
}

export function forgetProfile(): void {
  localStorage.removeItem(storageKey);
}

/** The app's side of `auth`: a new token whenever the SDK needs one. @throws {RealtimeError} auth_denied */
export async function fetchToken(profile: Profile, signal: AbortSignal): Promise<Credentials> {
  const response = await requestToken(profile, signal);
  if (response.status >= 400 && response.status < 500)
    throw new RealtimeError('auth_denied', await response.text());
  if (!response.ok) throw new Error(`POST /token answered ${response.status}`); // passing: core tries again
  const { token, expiresInMs } = (await response.json()) as TokenAnswer;
  return { token, expiresAt: Date.now() + expiresInMs };
}

function requestToken(body: Partial<Profile>, signal?: AbortSignal): Promise<Response> {
  return fetch('/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...(signal ? { signal } : {}),
  });
}
