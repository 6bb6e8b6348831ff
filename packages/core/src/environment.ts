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

const hints: Readonly<Record<string, Hint>> = {
  online: 'online',
  offline: 'offline',
  pagehide: 'leaving',
  pageshow: 'visible',
  visibilitychange: 'visible', // bubbles from the document
};

/** The browser's events and `sessionStorage`, where there is a browser; silent elsewhere. */
export const browserEnvironment: Environment = {
  watch(fn) {
    const { window: page, document } = globalThis as { window?: Window; document?: Document };
    const stop = new AbortController();
    const tell = ({ type, persisted }: Event & { persisted?: boolean }): void => {
      const hint = hints[type];
      // A page that loads is visible, too; one from the back/forward cache has a dead socket that says nothing.
      const isNews = persisted !== false && document?.visibilityState === 'visible';
      if (hint && (hint !== 'visible' || isNews)) fn(hint);
    };
    for (const type of Object.keys(hints))
      page?.addEventListener?.(type, tell, { signal: stop.signal });
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
