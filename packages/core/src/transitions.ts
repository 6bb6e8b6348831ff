/**
 * A state machine as a table. The tables, and their tests, are in `connection-machine.ts` and `channel-machine.ts`.
 */

/** Each event leads to one state, from the states that are listed. */
export type Transitions<State, Event extends string> = Readonly<
  Record<Event, readonly [to: State, ...from: State[]]>
>;

/** The state after `event`, or undefined when `event` means nothing in `state`. */
export function nextState<State, Event extends string>(
  transitions: Transitions<State, Event>,
  state: State,
  event: Event,
): State | undefined {
  const [to, ...from] = transitions[event];
  return from.includes(state) ? to : undefined;
}
