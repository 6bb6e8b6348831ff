import { describeAdapter, virtualClock } from '@anywire/testkit';
import { bus } from './bus-adapter.ts';
import { Bus } from './bus.ts';

const noTime = 'the bus answers in the same tick, or never';
const noAccess = 'the bus knows nobody, and forbids nothing';

describeAdapter('the bus of the example', {
  capabilities: bus({ bus: new Bus() }).capabilities,
  leftOut: 91, // begin with 0: the suite prints what it leaves out, and why; then pin the number
  setup() {
    const server = new Bus();
    return {
      server,
      clock: virtualClock(), // all of it runs in this process, so that no test waits for real time
      adapter: () => bus({ bus: server }),
      heal: () => server.heal(),
    };
  },
  credentials: noAccess,
  faults: {
    drop: ({ server }, { client }) => server.cut(client?.clientId),
    refuse: ({ server }, { client }) => server.refuse(client?.clientId),
    forget: ({ server }) => server.cut(),
    dropAfter: 'the bus does not count',
    halfOpen: noTime,
    sleep: noTime,
    holdAcks: noTime,
    delayAcks: noTime,
    loseAcks: noTime,
    narrow: 'the bus states no limits',
    duplicate: 'the bus delivers once',
    reorder: 'the bus keeps the order',
    refuseAuth: noAccess,
    expireTokens: noAccess,
    forbid: noAccess,
    endChannel: 'the bus ends no topic',
  },
});
