/**
 * The life of a session: pipe and credentials, `connect`, and one end, reported once.
 *
 *     opening → ready (`connected` came) → ended
 *
 * @see docs/protocol.md#connection · connection.test.ts · receiver.ts for the frames
 */
import { errorAfterClose, retryAfterClose } from '../close-codes.ts';
import type { ServerFrame } from '../frames.ts';
import { jsonFormat, type Payload } from './format.ts';
import type { Data, Drop, Host, HostError, OpenPipe, Pipe, SessionOptions } from './host.ts';
import { createRequests, type Requests } from './requests.ts';
import { createSender } from './sender.ts';

export interface Connection<Failure extends HostError> {
  readonly requests: Requests<Failure>;
  /** Sends a frame that wants no answer; without a connection it is lost. */
  send(header: object, payload?: Payload): void;
  /** `connected` came. */
  ready(): void;
  /** The server ends it: by `bye`, or with the pipe. */
  ended(code: number | undefined, message: string | undefined, retryAfterMs?: number): void;
  /** Ends it on purpose, without a report. */
  close(): Promise<void>;
}

/** Opens the pipe, asks for credentials meanwhile, then connects. What fails is reported, never thrown. */
export function openConnection<Failure extends HostError>(
  host: Host<Failure>,
  openPipe: OpenPipe,
  { error, resume, base64 }: SessionOptions<Failure>,
  receive: (frame: ServerFrame) => void,
): Connection<Failure> {
  let state: 'opening' | 'ready' | 'ended' = 'opening';
  let pipe: Pipe | undefined;
  let format = jsonFormat(base64);
  let markOpened!: () => void;
  let markClosed!: () => void;
  const opened = new Promise<void>((resolve) => (markOpened = resolve));
  const closed = new Promise<void>((resolve) => (markClosed = resolve));
  const sendSoon = createSender(
    (message) => {
      if (state !== 'ended') pipe?.send(message);
    },
    (frames) => format.join(frames),
  );
  const write = (header: object, payload?: Payload): void =>
    sendSoon(format.write(header, payload));
  const requests = createRequests(write, error);

  const end = (failure: Failure, code = 1000): void => {
    state = 'ended';
    requests.connected(failure);
    pipe?.close(code, '');
  };
  const drop = (
    failure: Failure,
    retry: Drop<Failure>['retry'],
    retryAfterMs?: number,
    code?: number,
  ): void => {
    if (state === 'ended') return;
    // The cause may be a refusal, but not of these requests: what became of them is not known.
    end(error('connection_failed', 'connection lost', { cause: failure }), code);
    host.dropped({ error: failure, retry, retryAfterMs } as Drop<Failure>);
  };
  const ended: Connection<Failure>['ended'] = (code = 1000, message, retryAfterMs) =>
    drop(
      error(errorAfterClose(code), message || `closed with ${code}`, { vendorCode: code }),
      retryAfterClose(code),
      retryAfterMs,
    );
  const received = (message: Data): void => {
    if (state === 'ended') return;
    host.alive();
    try {
      format.read(message, (frame) => {
        if (state !== 'ended') receive(frame);
      });
    } catch (cause) {
      drop(error('protocol_error', 'unreadable frame', { cause }), 'backoff', undefined, 4400);
    }
  };
  const open = async (): Promise<void> => {
    try {
      pipe = openPipe({
        opened(codec) {
          format = codec ?? format;
          markOpened();
        },
        received,
        alive: () => host.alive(),
        closed({ code, reason, retryAfterMs }) {
          markClosed();
          ended(code, reason, retryAfterMs);
        },
      });
      const { token } = await host.authorize({});
      await opened;
      const { nonce, secret, instanceId: instance } = host;
      // An answer that was lost has bound the nonce: what it is bound to must be known here, too.
      write({ t: 'connect', r: 0, token, nonce, instance, resume: resume ?? secret });
    } catch (cause) {
      await Promise.resolve(); // the host has no session yet that could end
      const isPassing = pipe && (cause as Failure).code !== 'auth_denied';
      drop(cause as Failure, isPassing ? 'backoff' : 'never');
    }
  };
  void open();

  return {
    requests,
    ended,
    send(header, payload) {
      if (state === 'ready') write(header, payload);
    },
    ready() {
      state = 'ready';
      requests.connected();
    },
    close() {
      if (state === 'ready') write({ t: 'bye' });
      sendSoon();
      end(error('closed', 'closed'));
      if (!pipe) markClosed();
      return closed;
    },
  };
}
