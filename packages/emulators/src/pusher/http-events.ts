/**
 * Events of the app's backend: one to many channels, or a batch.
 *
 * All of a request is checked before anything is sent.
 *
 * @see SOURCE.md#http-api
 */
import { dropIfUnused, takeChannel, type App } from './app.ts';
import { broadcast } from './channel.ts';
import { infoOf, readInfo } from './http-channels.ts';
import { HttpRefusal, parseBody } from './http-terms.ts';
import { isChannelName, userChannelPrefix } from './names.ts';

interface Event {
  readonly name: string;
  readonly data: string;
  readonly channels: readonly string[];
  readonly socketId: string | undefined;
  readonly info: readonly string[];
}

/** `POST /events` */
export function trigger(app: App, body: Uint8Array): object {
  const event = read(app, parseBody(body));
  send(app, event);
  if (event.info.length === 0) return done(app);
  const channels = event.channels.map((name) => [name, infoOf(app, name, event.info)] as const);
  return { channels: Object.fromEntries(channels) };
}

/** `POST /batch_events` */
export function triggerBatch(app: App, body: Uint8Array): object {
  const { batch } = parseBody(body);
  if (!Array.isArray(batch)) throw new HttpRefusal(400, "The body needs an array 'batch'");
  const { batchSize } = app.limits;
  if (batch.length > batchSize)
    throw new HttpRefusal(400, `Batch size limit exceeded: ${batch.length} > ${batchSize}`);
  const events = batch.map((one) => read(app, (one ?? {}) as Record<string, unknown>));
  for (const event of events) send(app, event);
  if (events.every(({ info }) => info.length === 0)) return done(app);
  return { batch: events.map(({ channels, info }) => infoOf(app, channels[0] ?? '', info)) };
}

const done = ({ variant }: App): object => (variant === 'soketi' ? { ok: true } : {});

function read(app: App, given: Record<string, unknown>): Event {
  const { limits } = app;
  const { name, data, channel, channels = [channel], socket_id: socketId, info } = given;
  if (typeof name !== 'string' || name === '')
    throw new HttpRefusal(400, "Missing required parameter: 'name'");
  if (name.length > limits.eventNameLength)
    throw new HttpRefusal(400, `Event name too long: at most ${limits.eventNameLength} characters`);
  if (typeof data !== 'string') throw new HttpRefusal(400, "'data' must be a string");
  if (Buffer.byteLength(data) > limits.eventBytes)
    throw new HttpRefusal(
      413,
      `The data content of this event exceeds the allowed maximum (${limits.eventBytes} bytes)`,
    );
  if (!Array.isArray(channels) || channels.length === 0)
    throw new HttpRefusal(400, "Missing required parameter: 'channels'");
  if (channels.length > limits.channelsPerTrigger)
    throw new HttpRefusal(
      400,
      `Too many channels: at most ${limits.channelsPerTrigger} for one event`,
    );
  if (socketId !== undefined && socketId !== null && !/^\d+\.\d+$/.test(String(socketId)))
    throw new HttpRefusal(400, `Invalid socket id: '${String(socketId)}'`);
  return {
    name,
    data,
    channels: channels.map((one) => checkName(app, one)),
    socketId: typeof socketId === 'string' ? socketId : undefined,
    info: readInfo(info),
  };
}

function checkName({ limits }: App, name: unknown): string {
  const isUsers = typeof name === 'string' && name.startsWith(userChannelPrefix);
  if (isUsers || isChannelName(name, limits.channelNameLength)) return name;
  throw new HttpRefusal(400, `Invalid channel name: '${String(name)}'`);
}

function send(app: App, { name: event, data, channels, socketId }: Event): void {
  const except = socketId === undefined ? undefined : app.connections.get(socketId);
  for (const name of channels) {
    const channel = takeChannel(app, name);
    const text = broadcast(channel, event, data, except);
    if (channel.kind.isCache)
      channel.cached = { text, untilMs: app.clock.now() + app.times.cacheMs };
    dropIfUnused(app, channel);
  }
}
