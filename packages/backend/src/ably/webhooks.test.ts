import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { BackendEvent } from '../index.ts';
import { readWebhook } from './webhooks.ts';

const key = { name: 'app.key', secret: 'secret' };
const sign = (body: string, secret = 'secret'): string =>
  createHmac('sha256', secret).update(body).digest('base64');

function read(items: unknown): Promise<readonly BackendEvent[]> {
  const body = JSON.stringify({ items });
  return readWebhook(key, { 'x-ably-key': 'app.key', 'x-ably-signature': sign(body) }, body);
}

const item = (name: string, data: object): object => ({
  ...{ webhookId: 'w', source: 'channel.lifecycle', timestamp: 1, serial: 'a:4', name },
  data: { channelId: 'room:42', ...data },
});
const message = { id: 'n.1:0', name: 'said', clientId: 'ann', connectionId: 'c1', timestamp: 1 };
const member = { id: 'c1:1:0', clientId: 'ann', connectionId: 'c1', timestamp: 1 };

describe('a webhook of Ably', () => {
  it('of 3 messages has them decoded: JSON, bytes, and none at all', async () => {
    const messages = [
      { ...message, data: '{"text":"hi"}', encoding: 'json' },
      { ...message, data: 'Af8=', encoding: 'base64' },
      { id: 'n.3:0', name: 'ping' },
    ];
    const told = {
      type: 'message',
      channel: 'room:42',
      event: 'said',
      clientId: 'ann',
      id: 'n.1:0',
    };
    expect(await read([item('channel.message', { messages })])).toEqual([
      { ...told, data: { text: 'hi' } },
      { ...told, data: new Uint8Array([1, 255]) },
      { type: 'message', channel: 'room:42', event: 'ping', data: null, id: 'n.3:0' },
    ]);
  });

  it('of a message has its extras, where they are what they should be', async () => {
    const headers = ['{"from":"pusher"}', 'no JSON', 7].map((awx) => ({ aw: 0, awx }));
    const messages = headers.map((one) => ({ ...message, extras: { headers: one } }));
    const told = await read([item('channel.message', { messages })]);
    const extras = told.map((event) => (event.type === 'message' ? event.extras : 'none'));
    expect(extras).toEqual([{ from: 'pusher' }, undefined, undefined]);
  });

  it('of members names the instance of ours, and the connection of others; an update is no enter', async () => {
    const presence = [
      { ...member, action: 2, data: '{"aw":"tab-1","d":1}', encoding: 'json' },
      { ...member, action: 4, data: 'x' },
      { ...member, action: 3 },
    ];
    const ann = { channel: 'room:42', clientId: 'ann' };
    expect(await read([item('presence.message', { presence })])).toMatchObject([
      { type: 'enter', ...ann, instanceId: 'tab-1' },
      { type: 'other', name: 'presence.update', channel: 'room:42' },
      { type: 'leave', ...ann, instanceId: 'c1' },
    ]);
  });

  it.each([
    ['channel.opened', 'room:42', { type: 'occupied', channel: 'room:42' }],
    ['channel.closed', '~:room', { type: 'vacated', channel: ':room' }],
    ['channel.occupancy', 'room', { type: 'other', name: 'channel.occupancy', channel: 'room' }],
    ['channel.opened', '[meta]log', { type: 'occupied', channel: '[meta]log' }],
  ])('%s of %s is told as %j', async (name, channelId, told) => {
    expect(await read([item(name, { channelId })])).toMatchObject([told]);
  });

  it('of a changed message is no new message', async () => {
    const messages = [{ ...message, action: 1, data: 'new' }];
    expect(await read([item('channel.message', { messages })])).toMatchObject([
      { type: 'other', name: 'message.update' },
    ]);
  });

  it.each([
    ['another secret', { 'x-ably-key': 'app.key', 'x-ably-signature': sign('{"items":[]}', 'no') }],
    ['another key', { 'x-ably-key': 'app.other', 'x-ably-signature': sign('{"items":[]}') }],
    ['another body', { 'x-ably-key': 'app.key', 'x-ably-signature': sign('{"items":[] }') }],
    ['half a signature', { 'x-ably-key': 'app.key', 'x-ably-signature': sign('x').slice(0, 20) }],
    ['none', {}],
  ])('signed by %s is refused', async (_, headers) => {
    await expect(readWebhook(key, headers, '{"items":[]}')).rejects.toMatchObject({
      code: 'forbidden',
    });
  });

  it.each(['{}', '"x"', 'null', 'no JSON', '{"items":1}'])('of %s is invalid', async (body) => {
    const headers = { 'x-ably-key': 'app.key', 'x-ably-signature': sign(body) };
    await expect(readWebhook(key, headers, body)).rejects.toMatchObject({ code: 'invalid' });
  });

  it('without an envelope is refused, though its body be signed: what its headers say is not', async () => {
    const body = '"hi"';
    const headers = {
      ...{ 'x-ably-key': 'app.key', 'x-ably-signature': sign(body) },
      'x-ably-envelope-channel': 'staff',
      'x-ably-envelope-source': 'channel.message',
    };
    await expect(readWebhook(key, headers, body)).rejects.toMatchObject({ code: 'invalid' });
  });
});
