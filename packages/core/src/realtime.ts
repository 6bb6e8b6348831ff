/**
 * `createRealtime`: ties the parts of one client together. Nothing connects here.
 *
 * @see docs/architecture.md
 */
import type { Channel, ChannelOptions, Realtime, RealtimeOptions } from './api.ts';
import { Attachment, type AttachmentHost } from './attachment.ts';
import { createChannel } from './channel.ts';
import { channelResolver, type Channels } from './channels.ts';
import { systemClock } from './clock.ts';
import { Connection } from './connection.ts';
import type { Context } from './context.ts';
import type { Logger } from './contract.ts';
import { CredentialSource } from './credentials.ts';
import { withDeadline } from './deadline.ts';
import { Emitter } from './emitter.ts';
import { browserEnvironment } from './environment.ts';
import { RealtimeError } from './errors.ts';
import { randomName } from './identity.ts';
import { defaults, type Defaults } from './options.ts';
import { Outbox } from './outbox.ts';
import { Publisher } from './publish.ts';
import { checkRequirements, features } from './unsupported.ts';

const consoleLog: Logger = (level, text, details) => {
  if (level !== 'debug') console[level](`[anywire] ${text}`, ...(details ? [details] : []));
};

/** A client for one backend. Connects at the first operation or at `connection.connect()`. */
export function createRealtime<const Defined extends Channels = Channels>(
  options: RealtimeOptions<Defined>,
): Realtime<Defined> {
  const errors = new Emitter<RealtimeError>((error) =>
    context.log('error', 'an error listener threw', { error }),
  );
  const context = createContext(options, errors);
  const credentials = new CredentialSource(context, options.auth);
  const resolve = channelResolver(options.channels);
  const known = new Map<string, WeakRef<Attachment>>();
  const forgotten = new FinalizationRegistry<string>((name) => {
    if (!known.get(name)?.deref()) known.delete(name);
  });
  const active = new Map<string, Attachment>();
  const ids = { highest: 0 };

  const all = (tell: (attachment: Attachment) => void): void => [...active.values()].forEach(tell);

  const connection = new Connection(context, credentials, {
    attachment: (name) => active.get(name),
    connected(session) {
      all((attachment) => attachment.connected(session));
      outbox.flushSoon();
    },
    interrupted() {
      outbox.interrupted();
      all((attachment) => attachment.interrupted());
    },
    unavailable(error) {
      outbox.unavailable(error);
      all((attachment) => attachment.unavailable(error));
    },
  });
  const outbox: Outbox = new Outbox({
    context,
    session: () => connection.session,
    ready: (name) => {
      const attachment = active.get(name);
      return !attachment?.capabilities.publish.needsAttach || attachment.state.get() === 'attached';
    },
  });
  const host: AttachmentHost = {
    context,
    connection,
    active,
    onAttached: () => outbox.flushSoon(),
  };

  const channel = (name: string, { require, echo }: ChannelOptions = {}): Channel => {
    let attachment = known.get(name)?.deref();
    if (!attachment) {
      attachment = new Attachment(host, resolve(name).spec, echo ?? true);
      attachment.handle = createChannel(attachment, new Publisher(attachment, outbox, ids));
      known.set(name, new WeakRef(attachment));
      forgotten.register(attachment, name);
    } else if (echo !== undefined && echo !== attachment.echo) {
      throw new RealtimeError('invalid', `'${name}' is in use with \`echo: ${attachment.echo}\``);
    }
    if (require) checkRequirements(attachment, require);
    return attachment.handle as Channel;
  };

  return {
    connection,
    channel: channel as Realtime<Defined>['channel'],
    supports: (feature) => features[feature](context.adapter.capabilities),
    outbox,
    onError: (fn) => errors.on(fn),
    native: <Client>() => connection.native as Client | undefined,
    async close({ flushMs = 0 } = {}) {
      if (flushMs > 0) {
        const flushed = {
          clock: context.clock,
          timeoutMs: flushMs,
          what: 'flush',
          signals: [connection.life],
        };
        await withDeadline(flushed, () => outbox.empty()).catch(() => {}); // what is left is rejected below
      }
      await connection.close();
    },
  };
}

function createContext(
  options: RealtimeOptions<Channels>,
  errors: Emitter<RealtimeError>,
): Context {
  const { log = consoleLog } = options;
  const report = (error: RealtimeError): void => {
    if (errors.size > 0) errors.emit(error);
    else log('error', error.message, { code: error.code, cause: error.cause });
  };
  const clock = options.clock ?? systemClock;
  // An option that is undefined keeps its default.
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const settings = { ...defaults, ...Object.fromEntries(given) } as Defaults;
  return {
    ...settings,
    adapter: options.adapter,
    clock,
    random: options.random ?? Math.random,
    environment: options.environment ?? browserEnvironment,
    log,
    nonce: randomName(),
    clientId: options.clientId,
    report,
    within: (what, signals, run) =>
      withDeadline({ clock, timeoutMs: settings.timeoutMs, what, signals }, run),
    onThrow: (cause) => report(new RealtimeError('listener_failed', 'a listener threw', { cause })),
  };
}
