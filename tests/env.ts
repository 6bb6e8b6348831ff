type Variables = Readonly<Record<string, string | undefined>>;

/**
 * An environment variable, in Node and in a browser page alike: a page has no `process`, but
 * vitest hands it the variables that `vitest.config.ts` names in `test.env`.
 */
export function readEnv(name: string): string | undefined {
  // Written out in one expression: vite only fills `import.meta.env` where it sees exactly that.
  const given = (import.meta as { readonly env?: Variables }).env?.[name];
  return given ?? (typeof process === 'undefined' ? undefined : process.env[name]);
}
