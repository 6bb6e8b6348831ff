import { RealtimeError } from '@anywire/core/errors';
import { describe, expect, it } from 'vitest';
import { addressKey, clientAddressOf } from './client-address.ts';

const from = (
  trusted: readonly string[],
  socket: string | undefined,
  forwarded?: string | string[],
) =>
  clientAddressOf(trusted)(forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }, socket);

describe('the address of a client', () => {
  it.each<[string, string[], string | undefined, string | string[] | undefined, string | undefined]>([
    ['the socket without proxies, whatever a header says', [], '9.9.9.9', '1.1.1.1', '9.9.9.9'],
    ['the socket where the peer is no proxy of ours', ['10.0.0.0/8'], '9.9.9.9', '1.1.1.1', '9.9.9.9'],
    ['what our proxy wrote', ['10.0.0.0/8'], '10.1.2.3', '1.1.1.1', '1.1.1.1'],
    ['the last one, which our proxy wrote, not what the client had written before it', ['10.0.0.0/8'], '10.1.2.3', '6.6.6.6, 1.1.1.1', '1.1.1.1'],
    ['past 2 proxies of ours', ['10.0.0.0/8'], '10.1.2.3', '6.6.6.6, 1.1.1.1, 10.9.9.9', '1.1.1.1'],
    ['the first one where all are ours', ['10.0.0.0/8'], '10.1.2.3', '10.0.0.7, 10.9.9.9', '10.0.0.7'],
    ['over two headers', ['10.0.0.1'], '10.0.0.1', ['6.6.6.6', '1.1.1.1'], '1.1.1.1'],
    ['without its port', ['10.0.0.1'], '10.0.0.1', '1.1.1.1:4711', '1.1.1.1'],
    ['without brackets', ['10.0.0.1'], '10.0.0.1', '[2001:db8::1]:4711', '2001:db8::1'],
    ['the proxy where it named nobody', ['10.0.0.1'], '10.0.0.1', undefined, '10.0.0.1'],
    ['the proxy where it named no address', ['10.0.0.1'], '10.0.0.1', '1.1.1.1, unknown', '10.0.0.1'],
    ['of a proxy that IPv6 shows as IPv4', ['127.0.0.1'], '::ffff:127.0.0.1', '1.1.1.1', '1.1.1.1'],
    ['of a proxy in an IPv6 network', ['fd00::/8'], 'fd12::1', '2001:db8::1', '2001:db8::1'],
    ['without a zone', [], 'fe80::1%eth0', undefined, 'fe80::1'],
    ['none of a Unix socket', [], undefined, '1.1.1.1', undefined],
    ['what came over a Unix socket that is trusted', ['unix'], undefined, '1.1.1.1', '1.1.1.1'],
    ['text that only looks like one', ['10.0.0.1'], '10.0.0.1', '__proto__', '10.0.0.1'],
  ])('is %s', (_, trusted, socket, forwarded, expected) => {
    expect(from(trusted, socket, forwarded)).toBe(expected);
  }); // prettier-ignore

  it.each(['proxy.example', '10.0.0.0/33', '10.0.0.0/', '::1/129', '10.0.0.0/8/8x', ''])(
    'has no proxy "%s"',
    (proxy) => {
      expect(() => clientAddressOf([proxy])).toThrow(RealtimeError);
    },
  );

  it('is found in a header of 16,000 addresses', () => {
    const forwarded = `${'10.0.0.1, '.repeat(15_999)}10.0.0.1`;
    expect(from(['10.0.0.1'], '10.0.0.1', forwarded)).toBe('10.0.0.1');
  });
});

describe('what counts as one client', () => {
  it.each([
    ['1.2.3.4', '1.2.3.4'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002:ffff::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['1::2:3:4:5:6:7', '1:0:2:3::/64'],
    ['64:ff9b::1.2.3.4', '64:ff9b:0:0::/64'],
  ])('of %s is %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });
});
