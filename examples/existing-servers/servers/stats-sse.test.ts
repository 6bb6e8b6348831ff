import { expect, test } from 'vitest';
import { eventStream, post, running } from '../test/vendor-clients.ts';

test('a stream begins with the latest numbers, and each POST goes to all streams', async () => {
  const { url } = await running('stats-sse');
  const [first, second] = [await eventStream(`${url}/events`), await eventStream(`${url}/events`)];
  const empty = { type: 'stats', data: { visitors: 0, orders: 0 } };
  for (const stream of [first, second]) expect(await stream.next()).toEqual(empty);

  const stats = { data: { visitors: 3, orders: 1 }, id: 'mine' };
  const answer = await post(`${url}/stats`, stats);
  expect(answer).toEqual({ status: 200, body: { success: true, clients: 2 } });
  for (const stream of [first, second])
    expect(await stream.next()).toEqual({ ...stats, type: 'stats' });
  const third = await eventStream(`${url}/events`);
  expect(await third.next()).toMatchObject(stats);
});

test('a POST without data is answered by 400', async () => {
  const { url } = await running('stats-sse');
  const answer = await post(`${url}/stats`, {});
  expect(answer).toEqual({ status: 400, body: { error: 'data is required' } });
});
