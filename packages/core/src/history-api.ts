/** What an app sees of a channel's history. Part of `channel-api.ts`. */
import type { Message } from './channel-api.ts';
import type { Cursor } from './contract.ts';

/** Which pages, and how large. */
export interface HistoryOptions {
  /** Messages a page. @default 100 */
  readonly limit?: number;
  /** `backwards`: newest first. @default 'backwards' */
  readonly direction?: 'backwards' | 'forwards';
  /** `attach`: where this attachment began, so that pages and live messages meet without hole or overlap. */
  readonly from?: Cursor | 'attach';
  /** ms since 1970, inclusive. */
  readonly start?: number;
  readonly end?: number;
  readonly signal?: AbortSignal;
}

/** One page. */
export interface Page<Data = unknown> {
  /** May be empty while there is a next page: what a schema refuses and pieces of a larger message are left out. */
  readonly items: readonly Message<Data>[];
  /** `from` of the next page; undefined: this is the last one. */
  readonly next: Cursor | undefined;
  /** False when the backend's retention cut off what was asked for. */
  readonly complete: boolean;
}
