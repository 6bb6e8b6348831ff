/**
 * The dialect of servers/stats-sse.js: one stream for all, whose events say their kind by `type`, and a POST that feeds it.
 *
 * The POST is answered, so a publish is `accepted`; everybody hears it, its sender too, with the id that was sent along.
 * Nothing is kept but the latest numbers, with which every stream begins: they are an ordinary message.
 */
import { defineDialect } from '@anywire/core/dialect';
import { fields, text } from './reading.ts';

export const statsSse = defineDialect({
  name: 'stats-sse',
  on: 'sse',
  defaultChannel: 'stats',
  publish: ({ event, data, id }) =>
    event === 'stats' ? { path: '/stats', body: { data, id } } : undefined,
  ack: { level: 'accepted', by: 'reply' },
  echo: true,
  heartbeatMs: 15_000,
  receive({ data: body }) {
    const { type, data, id } = fields(body);
    const event = text(type);
    return event === undefined ? undefined : { event, data, id: text(id) };
  },
});
