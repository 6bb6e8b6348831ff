/** The clients of the conformance suite over each transport; one file each, for they wait more than they work. */
import { sse, type SseOptions } from '@anywire/adapter-sse';
import type { Adapter } from '@anywire/core';
import { describeAdapter } from '@anywire/testkit';
import { useV1Server, v1Harness } from '../../../tests/support/v1-backend.ts';

const { capabilities } = sse({ url: 'http://127.0.0.1/' });

/** The adapter of the client with this index, of four, at `host`. */
export type AdapterAt = (index: number, host: string) => Adapter;

export const overHttp =
  (options: Omit<SseOptions, 'url'> = {}): AdapterAt =>
  (_, host) =>
    sse({ url: `http://${host}/anywire`, ...options });

/** Runs the suite. */
export function describeOverHttp(title: string, adapterAt: AdapterAt): void {
  useV1Server();
  describeAdapter(title, v1Harness(adapterAt, { capabilities, leftOut: 19 }));
}
