/**
 * The rows of the capability table in docs/adapters.md: what each says, and how it is written.
 *
 * @see capability-table.mjs
 */

/** @typedef {import('../packages/core/src/capabilities.ts').Capabilities} Capabilities */
/** @typedef {import('../packages/testkit/src/report.ts').ConformanceReport} Report */

const units = /** @type {const} */ ([
  ['day', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
  ['ms', 1],
]);

/** @param {number} ms the largest unit that fits it */
function duration(ms) {
  const [unit, size] = units.find(([, size]) => ms >= size && ms % size === 0) ?? ['ms', 1];
  return `${ms / size} ${unit}${unit === 'day' && ms !== size ? 's' : ''}`;
}

/** @param {number} value */
const count = (value) => value.toLocaleString('en-US');

/** @param {number} bytes */
const bytes = (bytes) =>
  bytes % 1_024 === 0 ? `${count(bytes / 1_024)} KiB` : `${count(bytes)} B`;

/** @param {boolean} value */
const yesNo = (value) => (value ? 'yes' : 'no');

/** @param {string} support @param {string} [details] of what can be had */
const withDetails = (support, details = '') =>
  support === 'none' || details === '' ? support : `${support}, ${details}`;

/** @param {Capabilities['limits']} limits */
function rates(limits) {
  /** @type {[string, readonly import('../packages/core/src/capabilities.ts').RateLimit[]][]} */
  const verbs = Object.entries(limits);
  const stated = verbs.flatMap(([verb, all]) =>
    all.map(({ max, perMs, scope }) => `${verb}: ${count(max)} in ${duration(perMs)} per ${scope}`),
  );
  return stated.join('; ') || 'none stated';
}

/** @type {readonly (readonly [feature: string, of: (capabilities: Capabilities) => string])[]} */
// prettier-ignore
export const capabilityRows = [
  ['highest ack', ({ ack }) => `\`${ack}\``],
  ['order', ({ order }) => `\`${order}\``],
  ['attach', ({ attach }) => attach],
  ['who reconnects', ({ reconnect }) => reconnect],
  ['resume', ({ resume }) => withDetails(resume.support, `within ${duration(resume.windowMs)}`)],
  ['ids are known for', ({ idempotencyWindowMs: ms }) => (ms > 0 ? duration(ms) : 'no time')],
  ['a later page may send again', ({ resendAfterReload }) => yesNo(resendAfterReload ?? false)],
  ['publishes in one request', ({ publish }) => count(publish.maxBatch)],
  ['unanswered publishes of a channel', ({ publish }) => count(publish.inFlight)],
  ['publishing needs an attachment', ({ publish }) => yesNo(publish.needsAttach)],
  ['history', ({ history }) => withDetails(history.support, `${duration(history.retentionMs)}, ${count(history.limit)} a page`)],
  ['history from a position on', ({ history }) => yesNo(history.after)],
  ['rewind', ({ rewind }) => rewind],
  ['presence', ({ presence }) => withDetails(presence.support, `${count(presence.maxMembers)} members`)],
  ['watching without entering', ({ presence }) => yesNo(presence.support !== 'none' && presence.watchOnly)],
  ['presence updates', ({ presence }) => presence.update],
  ['a member for each tab', ({ presence }) => yesNo(presence.support !== 'none' && presence.perInstance)],
  ['grace of members', ({ presence }) => (presence.graceMs > 0 ? duration(presence.graceMs) : 'none')],
  ['count of members alone', ({ presence }) => presence.occupancy],
  ['who sent it', ({ senders = 'verified' }) => senders],
  ['echo', ({ echo }) => echo],
  ['binary data', ({ binary }) => binary],
  ['largest payload', ({ maxPayloadBytes }) => bytes(maxPayloadBytes)],
  ['rates', ({ limits }) => rates(limits)],
];

/** What the suite found. @type {readonly (readonly [row: string, of: (report: Report) => string])[]} */
export const resultRows = [
  ['conformance cases that pass', ({ passed }) => String(passed.length)],
  ['cases left out', ({ leftOut }) => String(leftOut.length)],
];
