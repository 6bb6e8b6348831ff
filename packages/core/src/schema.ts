/**
 * Validation by Standard Schema: zod, valibot, arktype and others share the one interface that is written here, so that
 * core needs none of them.
 *
 * A schema is applied once at each end, to the data as they travel: a sender checks what will arrive and sends what it
 * was given; a receiver delivers what the schema makes of it. So both ends may use a schema that transforms.
 *
 * @see docs/semantics.md#schemas · https://standardschema.dev · schema.test.ts
 */
import { RealtimeError } from './errors.ts';

/** What a schema finds wrong. */
interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

type Result<Output> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly Issue[] };

/** A schema of any library that follows the specification, version 1. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Result<Output> | Promise<Result<Output>>;
    /** Only for types. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** The type of some data, and the schema that checks them where there is one. */
export interface Spec<Input = unknown, Output = Input> {
  readonly '~standard'?: {
    readonly validate?: StandardSchema<Input, Output>['~standard']['validate'];
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/**
 * What the schema makes of `data`; without one, `data`.
 *
 * @throws {RealtimeError} invalid, with the path and the text of each issue
 */
export function validate(spec: Spec | undefined, data: unknown, what: string): unknown {
  const result = spec?.['~standard']?.validate?.(data);
  if (!result) return data;
  // Waiting for one message would hold back all that follow it.
  if ('then' in result) throw new RealtimeError('invalid', `the schema of ${what} is asynchronous`);
  if (!result.issues) return result.value;
  throw new RealtimeError('invalid', `${what}: ${result.issues.map(toText).join('; ')}`);
}

const toText = ({ path = [], message }: Issue): string =>
  [...path.map((part) => String(typeof part === 'object' ? part.key : part)), message].join(': ');
