/**
 * Whose address a request comes from. A proxy in front of the server is the peer of every socket, and names the client in
 * `X-Forwarded-For`; everybody else can write that header too, and would be whoever they like.
 *
 * So it is read from the right, where the nearest proxy has written, and only as long as who wrote it is one of
 * `trustedProxies`. `Forwarded` (RFC 7239) is not read: a proxy that writes one of the two lets the other one of a client pass.
 *
 * @see client-address.test.ts · addresses.ts for what is counted by address
 */
import { RealtimeError } from '@anywire/core/errors';
import { BlockList, isIP } from 'node:net';
import type { HttpHeaders } from './http-request.ts';

/** The address of the client of a request, as text; undefined where the socket has none. */
export type ClientAddress = (
  headers: HttpHeaders,
  socketAddress: string | undefined,
) => string | undefined;

/** Stands for the peer of a Unix socket, which has no address. */
const unixSocket = 'unix';

/**
 * @param trustedProxies - Addresses and networks (`'10.0.0.0/8'`, `'fd00::/8'`) of proxies; `'unix'` for a Unix socket.
 * @throws {RealtimeError} invalid
 */
export function clientAddressOf(trustedProxies: readonly string[] = []): ClientAddress {
  const networks = new BlockList();
  for (const proxy of trustedProxies) if (proxy !== unixSocket) add(networks, proxy);
  const trustsUnix = trustedProxies.includes(unixSocket);
  const isTrusted = (address: string): boolean =>
    networks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return (headers, socketAddress) => {
    let nearest = socketAddress === undefined ? undefined : plain(socketAddress);
    if (nearest === undefined ? !trustsUnix : !isTrusted(nearest)) return nearest;
    const named = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
    for (let at = named.length - 1; at >= 0; at--) {
      const address = plain(named[at] ?? '');
      // What is no address was not written by a proxy of ours; who handed it on is the nearest that is known.
      if (address === undefined) break;
      nearest = address;
      if (!isTrusted(address)) break;
    }
    return nearest;
  };
}

/**
 * What counts as one client: an IPv4 address, or the /64 of an IPv6 one, of which a single machine has all 2^64.
 *
 * @see RFC 6177 for what an end site is given
 */
export function addressKey(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const first = groups(head);
  const rest = groups(tail ?? '');
  // The last 32 bits may be written as IPv4; they are in the half that does not count.
  const written = first.length + rest.length + (address.includes('.') ? 1 : 0);
  const all = [...first, ...Array<string>(Math.max(0, 8 - written)).fill('0'), ...rest];
  return `${all
    .slice(0, 4)
    .map((group) => parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

function add(networks: BlockList, proxy: string): void {
  const [, address = '', bits] = /^([^/]*)(?:\/(.*))?$/.exec(proxy) ?? [];
  const family = isIP(address);
  const most = family === 6 ? 128 : 32;
  const prefix = bits === undefined ? most : /^\d+$/.test(bits) ? Number(bits) : -1;
  if (family === 0 || prefix < 0 || prefix > most)
    throw new RealtimeError('invalid', `trustedProxies: "${proxy}" is no address and no network`);
  networks.addSubnet(address, prefix, family === 6 ? 'ipv6' : 'ipv4');
}

/** An address alone: no port, no brackets, no zone, and IPv4 inside IPv6 as IPv4. Undefined where it is none. */
function plain(written: string): string | undefined {
  const text = written.trim();
  const bare =
    /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  const [address = ''] = bare.split('%');
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1] ?? address;
  return isIP(mapped) === 0 ? undefined : mapped;
}
