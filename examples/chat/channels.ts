/**
 * What the chat's channels are: the page, the server and the tests import this one module, and every type
 * of theirs follows from it.
 */
import { defineChannels, event, presence } from '@anywire/core';

/** Something that was said in a room. */
export interface ChatMessage {
  readonly text: string;
  /** How the sender wants to be called; the server refuses a name that the token does not hold. */
  readonly name: string;
}

/** Something that was said to one person. */
export interface Direct {
  readonly text: string;
  readonly fromId: string;
  readonly fromName: string;
}

/** The sender's own copy of a {@link Direct}, for a reload and for the sender's other tabs. */
export interface Sent {
  readonly text: string;
  readonly toId: string;
  readonly toName: string;
  /** The id that the message has in the channel of its receiver. */
  readonly ref: string;
}

/** Who is in a room. */
export interface Person {
  readonly name: string;
}

export const channels = defineChannels({
  'room:{id}': {
    events: { message: event<ChatMessage>(), typing: event<{ readonly on: boolean }>() },
    presence: presence<Person>(),
    history: true,
  },
  // Only its owner may read it; anyone who is signed in may write to it. @see server/rules.ts
  'user:{id}': {
    events: { direct: event<Direct>(), sent: event<Sent>() },
    history: true,
  },
});

/** How many messages one sees on joining. */
export const rewind = 50;
/** Characters. */
export const maxTextLength = 2_000;
/** Characters. */
export const maxNameLength = 40;
