/**
 * What a backend sends to the HTTP API, held to tables: members of JSON bodies and parameters of queries.
 *
 * Unknown names are refused: a misspelt `id` that is ignored is a publish that is not safe to repeat.
 *
 * @see http-api.ts · http-api.test.ts
 */
import { mediaType, Refusal, type HttpRequest } from './http-request.ts';

/** What a member must be. */
export type MemberType = 'text' | 'object' | 'list' | 'json';

/** The members of an object by their names; `must` be there or not. */
export type Members = ReadonlyMap<string, { readonly type: MemberType; readonly must?: true }>;

const fits: Readonly<Record<MemberType, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string',
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  list: (value) => Array.isArray(value),
  json: () => true,
};

/** A parameter: text, or a whole number. */
export type Parameters = ReadonlyMap<string, 'text' | 'count'>;

// 15 digits are exact as a number.
const count = /^\d{1,15}$/;

/** The JSON in the body. @throws {Refusal} invalid (400, 415), payload_too_large (413) */
export async function bodyOf(request: HttpRequest, maxBytes: number): Promise<unknown> {
  if (mediaType(request) !== 'application/json')
    throw new Refusal(415, 'invalid', 'the body is application/json');
  const body = await request.text(maxBytes);
  try {
    return JSON.parse(body) as unknown;
  } catch {
    throw wrong('the body is not JSON');
  }
}

/** Holds a value to a table. @param where - Put before each name in what is said. @throws {Refusal} invalid */
export function membersIn(
  value: unknown,
  members: Members,
  where = '',
): ReadonlyMap<string, unknown> {
  if (!fits.object(value)) throw wrong(`${where || 'the body '}is not an object`);
  const given = new Map(Object.entries(value as object));
  for (const name of given.keys())
    if (!members.has(name)) throw wrong(`${where}"${shown(name)}" is not a member of this`);
  for (const [name, { type, must }] of members) {
    if (!given.has(name)) {
      if (must) throw wrong(`${where}"${name}" is missing`);
    } else if (!fits[type](given.get(name))) {
      throw wrong(`${where}"${name}" is not ${type === 'object' ? 'an' : 'a'} ${type}`);
    }
  }
  return given;
}

/** Holds a query to a table. @throws {Refusal} invalid */
export function parametersIn(
  query: URLSearchParams,
  parameters: Parameters,
): ReadonlyMap<string, string | number> {
  const given = new Map<string, string | number>();
  for (const [name, value] of query) {
    const type = parameters.get(name);
    if (!type) throw wrong(`"${shown(name)}" is not a parameter of this`);
    if (given.has(name)) throw wrong(`"${name}" is there twice`);
    if (type === 'count' && !count.test(value)) throw wrong(`"${name}" is not a whole number`);
    given.set(name, type === 'count' ? Number(value) : value);
  }
  return given;
}

/** Enough of a name to find it. */
const shown = (name: string): string => name.slice(0, 32);
const wrong = (message: string): Refusal => new Refusal(400, 'invalid', message);
