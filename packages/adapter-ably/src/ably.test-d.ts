import Ably from 'ably';
import type { BaseRealtime } from 'ably/modular';
import { describe, expectTypeOf, it } from 'vitest';
import { ably, type AblyLike } from './index.ts';

describe('ably()', () => {
  it('takes clients and the class of the vendor as they are', () => {
    expectTypeOf<Ably.Realtime>().toExtend<AblyLike>();
    expectTypeOf<BaseRealtime>().toExtend<AblyLike>();
    ably({ Realtime: Ably.Realtime });
    // @ts-expect-error a REST client has no connection
    ably({ client: new Ably.Rest('app.key:secret') });
  });
});
