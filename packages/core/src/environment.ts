/**
 * What the page and the network tell us: hints only, never proof. The connection decides what to do.
 */

/** `online`, `visible`: a good time to try · `offline`: a good time to doubt · `leaving`: the page goes away. */
export type Hint = 'online' | 'offline' | 'visible' | 'leaving';

/** A source of hints, and a place that outlives a reload of this tab and no other tab can see. */
export interface Environment {
  /** Calls `fn` for each hint until the returned function is called. */
  watch(fn: (hint: Hint) => void): () => void;
  readonly storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | undefined;
}

/** The browser's events and `sessionStorage`, where there is a browser; silent elsewhere. */
export const browserEnvironment: Environment = {
  watch(fn) {
    const { window: page, document } = globalThis as { window?: Window; document?: Document };
    if (!page?.addEventListener || !document) return () => {};
    const stop = new AbortController();
    const listen = (
      target: EventTarget,
      type: string,
      hint: (event: Event) => Hint | false,
    ): void =>
      target.addEventListener(
        type,
        (event) => {
          const given = hint(event);
          if (given) fn(given);
        },
        { signal: stop.signal },
      );
    listen(page, 'online', () => 'online');
    listen(page, 'offline', () => 'offline');
    listen(page, 'pagehide', () => 'leaving');
    // A page restored from the back/forward cache has a dead socket that says nothing.
    listen(page, 'pageshow', (event) => (event as PageTransitionEvent).persisted && 'visible');
    listen(document, 'visibilitychange', () => document.visibilityState === 'visible' && 'visible');
    return () => stop.abort();
  },
  get storage() {
    try {
      return (globalThis as { sessionStorage?: Storage }).sessionStorage;
    } catch {
      return undefined; // blocked by the browser's settings
    }
  },
};
