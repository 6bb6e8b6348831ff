/**
 * `@anywire/server/kit`: what `@anywire/backend` shares with the server, so that the two cannot differ: what an app is asked, with
 * deadlines; what its channels are; requests and answers, from `fetch` and from Node.
 *
 * @see hooks.ts · gate.ts · channel-rules.ts · http-request.ts
 * @module
 */
export {
  channelRules,
  type ChannelDefinitions,
  type ChannelKind,
  type ChannelRules,
} from './channel-rules.ts';
export { createGate, type Gate } from './gate.ts';
export { contentOf } from './content.ts';
export { systemClock } from './clock.ts';
export { errorText } from './error-text.ts';
export { fetchRequest, fetchResponse } from './fetch-http.ts';
export type { Client, Hooks, Identity } from './hooks.ts';
export { restOf } from './host-server.ts';
export { bodyOf, membersIn, parametersIn, type Members, type Parameters } from './http-input.ts';
export {
  bearer,
  jsonAnswer,
  mediaType,
  Refusal,
  type HttpAnswer,
  type HttpHeaders,
  type HttpRequest,
} from './http-request.ts';
export { answerRoute, type Route } from './http-routes.ts';
export { consoleLog, logOf } from './log.ts';
export { nodeRequest, writeAnswer } from './node-http.ts';
export { originCheck } from './origin.ts';
