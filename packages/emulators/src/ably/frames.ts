/**
 * What a client says: one frame, one action.
 *
 * @see SOURCE.md#ably-wire
 */
import { attach, detach, drop, regrant } from './attach.ts';
import { authenticate, may } from './auth.ts';
import { disconnect, dispose, fail, lose, sendConnected, startTimers } from './connect.ts';
import { takeChannel, type Attachment } from './channel.ts';
import { send, sendError, type Connection } from './connection.ts';
import { AblyError, asAblyError, errorInfo } from './errors.ts';
import { present } from './presence.ts';
import { actions, type Frame } from './protocol.ts';
import { publish } from './publish.ts';

type Verb = (connection: Connection, frame: Frame) => void;

/** A no to one channel is no end of the connection. */
const forChannel =
  (verb: Verb): Verb =>
  (connection, frame) => {
    try {
      verb(connection, frame);
    } catch (thrown) {
      const name = String(frame.channel);
      drop(connection, name);
      sendError(connection, asAblyError(thrown), name);
    }
  };

const verbs = new Map<number, Verb>([
  [actions.heartbeat, (connection, { id }) => beat(connection, id)],
  [actions.attach, forChannel(attach)],
  [actions.detach, (connection, { channel }) => detach(connection, String(channel))],
  [actions.message, (connection, frame) => answered(connection, frame, published)],
  [actions.presence, (connection, frame) => answered(connection, frame, presented)],
  [actions.annotation, (connection, frame) => answered(connection, frame, refused)],
  [actions.auth, reauthenticate],
  [
    actions.close,
    (connection) => {
      send(connection, { action: actions.closed });
      dispose(connection);
    },
  ],
  [
    actions.disconnect,
    (connection) => connection.transport && lose(connection, connection.transport, 1000),
  ],
]);

/** Takes one frame; what nobody knows is ignored, as the protocol wants it. */
export const receive: Verb = (connection, frame) => verbs.get(frame.action)?.(connection, frame);

const beat = (connection: Connection, id: string | undefined): void =>
  send(connection, { action: actions.heartbeat, ...(id !== undefined && { id }) });

// --- what is acknowledged ---

type Answer = Pick<Frame, 'res'>;
type Work = (connection: Connection, frame: Frame) => Answer;

/** One answer for each msgSerial, the same for every try. */
function answered(connection: Connection, frame: Frame, work: Work): void {
  const { msgSerial = 0 } = frame;
  const known = connection.answers.get(msgSerial);
  const answer = known ?? answerTo(connection, frame, msgSerial, work);
  connection.answers.set(msgSerial, answer);
  connection.answers.delete(msgSerial - rememberedAnswers);
  sendAnswer(connection, answer);
}

const rememberedAnswers = 10_000;

function answerTo(connection: Connection, frame: Frame, msgSerial: number, work: Work): Frame {
  try {
    const { nacks } = connection.world.faults;
    if (nacks.left > 0) {
      nacks.left -= 1;
      throw new AblyError(nacks.code);
    }
    return { action: actions.ack, msgSerial, count: 1, ...work(connection, frame) };
  } catch (thrown) {
    const error = errorInfo(asAblyError(thrown));
    return { action: actions.nack, msgSerial, count: 1, error };
  }
}

function sendAnswer(connection: Connection, answer: Frame): void {
  const { faults } = connection.world;
  if (faults.lostAcks > 0) {
    faults.lostAcks -= 1;
    return;
  }
  if (faults.ackDelayMs > 0)
    return void connection.world.clock.schedule(() => send(connection, answer), faults.ackDelayMs);
  if (!faults.isHoldingAcks) return send(connection, answer);
  const waiting = faults.held.get(connection) ?? [];
  waiting.push(() => send(connection, answer));
  faults.held.set(connection, waiting);
}

/** @throws {AblyError} */
function published(connection: Connection, frame: Frame): Answer {
  const { world, grant, id } = connection;
  const channel = takeChannel(grant.app, frame.channel);
  const granted = connection.attachments.get(channel.name)?.granted;
  const mayPublish = may(world, grant, channel.name, 'publish');
  if (!mayPublish || (granted && !granted.has('publish')))
    throw new AblyError(40160, undefined, 401);
  const messages = frame.messages ?? [];
  checkRate(connection, messages.length);
  const { serials } = publish(world, channel, messages, {
    ...{ connectionId: id, clientId: grant.clientId },
    idBase: `${id}:${frame.msgSerial ?? 0}`,
  });
  return { res: [{ serials }] };
}

/** @throws {AblyError} 42911 */
function checkRate(connection: Connection, count: number): void {
  const { clock, limits } = connection.world;
  const nowMs = clock.now();
  connection.sentMs = connection.sentMs.filter((ms) => ms > nowMs - 1_000);
  if (connection.sentMs.length + count > limits.publishPerSecond) throw new AblyError(42911);
  for (let at = 0; at < count; at += 1) connection.sentMs.push(nowMs);
}

/** @throws {AblyError} */
function presented(connection: Connection, frame: Frame): Answer {
  const attachment = connection.attachments.get(String(frame.channel));
  if (!attachment) throw new AblyError(90000, 'a member has to be attached first');
  present(connection, attachment, frame.presence ?? [], frame.msgSerial ?? 0);
  return {};
}

/** @throws {AblyError} 40000 */
function refused(): Answer {
  throw new AblyError(40000, 'annotations are not emulated');
}

// --- a better token ---

/** Everybody who is attached gets what the new token allows, or is told that it is nothing. */
function reauthenticate(connection: Connection, { auth }: Frame): void {
  const { world, transport } = connection;
  const before = connection.grant.clientId;
  try {
    const grant = authenticate(world, { token: auth?.accessToken });
    const isSame = grant.clientId === before || grant.clientId === '*' || before === undefined;
    if (!isSame || grant.app !== connection.grant.app) throw new AblyError(40102);
    const clientId = grant.clientId === '*' ? before : grant.clientId;
    connection.grant = { ...grant, clientId };
  } catch (thrown) {
    const error = asAblyError(thrown);
    // Another token may do.
    const isToken = error.code >= 40140 && error.code < 40150;
    return isToken ? disconnect(connection, error) : fail(connection, error);
  }
  if (transport) startTimers(connection, transport);
  sendConnected(connection);
  for (const attachment of [...connection.attachments.values()]) regranted(connection, attachment);
}

function regranted(connection: Connection, attachment: Attachment): void {
  const { name } = attachment.channel;
  try {
    regrant(attachment);
  } catch (thrown) {
    drop(connection, name);
    sendError(connection, asAblyError(thrown), name);
  }
}
