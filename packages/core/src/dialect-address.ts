/** Where a wire goes to. */

/** `url`, with what is added to its query; as it is where nothing is. */
export function addressOf(
  url: string | URL,
  query: Readonly<Record<string, string>> | undefined,
): string {
  if (!query) return String(url);
  const address = new URL(url, globalThis.location?.href);
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
  return address.href;
}
