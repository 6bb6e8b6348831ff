/**
 * (g) against the conformance suite: one channel, whose events and data are carried as they are.
 */
import { ws } from '@anywire/adapter-ws';
import { describeAdapter } from '@anywire/testkit';
import { apiGateway } from '../dialects/api-gateway.ts';
import { existingHarness } from './existing-harness.ts';

describeAdapter(
  'existing server api-gateway',
  existingHarness({
    server: 'api-gateway',
    dialect: apiGateway,
    adapter: (host) => ws({ url: `ws://${host}`, dialect: apiGateway }),
    carrying: {
      toServer: () => 'lobby',
      pack: (...said) => said,
      unpack: (...said) => said,
    },
    oneChannel: 'what arrives names no channel',
    leftOut: 96,
  }),
);
