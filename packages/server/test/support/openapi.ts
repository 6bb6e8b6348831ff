/** `openapi.json` as tests need it: its operations, and a check of an answer against what it says of that answer. */
import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

interface Media {
  readonly schema: object;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}
type Content = Readonly<Record<string, Media>>;
interface Response {
  readonly headers: Readonly<
    Record<string, { readonly required: boolean; readonly schema: object }>
  >;
  readonly content: Content;
}
interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'header' | 'path';
  readonly schema: object;
}
interface OperationObject {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, Response>>;
}

export interface Operation extends OperationObject {
  readonly method: 'GET' | 'POST';
  readonly path: string;
}

export interface OpenApi {
  /** As it is in the file. */
  readonly document: Record<string, unknown>;
  readonly operations: readonly Operation[];
  operation(id: string): Operation;
  /** What is wrong with a value; '' when nothing is. */
  problems(schema: object, value: unknown): string;
  /** What is wrong with an answer of an operation; '' when nothing is. */
  answerProblems(id: string, answer: Answer): string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export function openApi(): OpenApi {
  const text = readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8');
  const document = JSON.parse(text) as Record<string, unknown>;
  // Schemas are named by addresses of their own, everything else is put where it is referred to.
  const named = JSON.parse(text.replaceAll('#/components/schemas/', 'schema:')) as {
    readonly components: { readonly schemas: Readonly<Record<string, object>> };
    readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
  const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: true });
  // An annotation, which OpenAPI adds nothing to.
  for (const [name, schema] of Object.entries(named.components.schemas))
    ajv.addSchema(schema, `schema:${name}`);
  const compiled = new Map<object, ValidateFunction>();

  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value !== 'object' || value === null) return value;
    const { $ref } = value as { $ref?: string };
    if ($ref?.startsWith('#/')) {
      const parts = $ref.slice(2).split('/');
      return resolve(
        parts.reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], named),
      );
    }
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, resolve(item)]));
  };
  const operations = Object.entries(named.paths).flatMap(([path, item]) => {
    const { parameters: common = [], ...methods } = resolve(item) as {
      readonly parameters?: readonly Parameter[];
    } & Record<string, OperationObject>;
    return Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      parameters: [...common, ...(operation.parameters ?? [])],
      method: method.toUpperCase() as Operation['method'],
      path,
    }));
  });

  const problems: OpenApi['problems'] = (schema, value) => {
    let validate = compiled.get(schema);
    if (!validate) compiled.set(schema, (validate = ajv.compile(schema)));
    return validate(value) ? '' : ajv.errorsText(validate.errors);
  };
  const operation: OpenApi['operation'] = (id) => {
    const found = operations.find(({ operationId }) => operationId === id);
    if (!found) throw new Error(`no operation ${id}`);
    return found;
  };

  return {
    document,
    operations,
    operation,
    problems,
    answerProblems(id, { status, headers, text: body }) {
      const response = operation(id).responses[String(status)];
      if (!response) return `${status} is not in the document`;
      const type = headers.get('content-type') ?? '';
      const media = response.content[type];
      if (!media) return `${type} is not in the document`;
      const wrongHeaders = Object.entries(response.headers).map(([name, { required, schema }]) => {
        const value = headers.get(name);
        if (value === null) return required ? `${name} is missing` : '';
        return problems(schema, value);
      });
      return [...wrongHeaders, problems(media.schema, JSON.parse(body))].filter(Boolean).join('; ');
    },
  };
}
