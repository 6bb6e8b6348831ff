/** Channel names, so that Ably takes every one of them: it keeps some first characters for itself. Reversible. */

const kept = /^[[:,~]/;

export const remoteName = (name: string): string => (kept.test(name) ? `~${name}` : name);
