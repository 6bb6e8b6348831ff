/**
 * What a bundle for pages gets in place of this package: it holds the secrets of a service.
 *
 * @see in-browser.test.ts
 */

/** A name of its own: a module without any counts as CommonJS, whose missing names are only warned of and become `undefined`. */
export const isForServers = true;

throw new Error(
  "@anywire/backend belongs on a server: it holds the service's secret. In a page use an adapter, such as @anywire/adapter-pusher",
);
