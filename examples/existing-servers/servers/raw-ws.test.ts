import { expect, test } from 'vitest';
import { rawWs, running } from '../test/vendor-clients.ts';

test('a message goes to everybody else in the room, as it was sent', async () => {
  const { url } = await running('raw-ws');
  const [ann, bob] = [await rawWs(url), await rawWs(url)];
  for (const one of [ann, bob]) {
    one.send({ type: 'join', room: 'general' });
    expect(await one.next()).toEqual({ type: 'joined', room: 'general' });
  }
  const message = { type: 'message', room: 'general', content: 'hello', anything: [1] };
  ann.send(message);
  expect(await bob.next()).toEqual(message);
  ann.send({ type: 'ping' });
  expect(await ann.next()).toEqual({ type: 'pong' });

  bob.send({ type: 'leave', room: 'general' });
  bob.send({ type: 'message', room: 'general', content: 'still here?' });
  const refusal = { type: 'error', room: 'general', message: 'Join first' };
  expect(await bob.next()).toEqual(refusal);
});

test('what is no JSON, or of no known type, is answered by an error', async () => {
  const { url } = await running('raw-ws');
  const ann = await rawWs(url);
  ann.socket.send('hello');
  expect(await ann.next()).toEqual({ type: 'error', message: 'Invalid JSON' });
  ann.send({ type: 'dance' });
  expect(await ann.next()).toEqual({ type: 'error', message: 'Unknown type dance' });
});
