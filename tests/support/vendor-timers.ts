/**
 * The vendor's client of Supabase leaves a timer of 10 s behind each time that it disconnects, and no option shortens it. Here it keeps
 * no process alive, so that what else is left behind is still found.
 */
const leftBehindMs = 10_000;
const { setTimeout: real } = globalThis;

export function forgetVendorTimers(): void {
  globalThis.setTimeout = Object.assign((...args: Parameters<typeof real>) => {
    const timer = real(...args);
    return args[1] === leftBehindMs ? timer.unref() : timer;
  }, real) as typeof real;
}
