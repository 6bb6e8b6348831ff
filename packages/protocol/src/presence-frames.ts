/**
 * Frames that tell of the members of a channel.
 *
 * @see frames.ts, which exports them with the others · docs/protocol.md#presence
 */

export interface MemberFrame {
  readonly u: string;
  /** The instance. */
  readonly x: string;
  readonly k: string;
  readonly d: unknown;
}
export interface MemberChange extends MemberFrame {
  readonly a: 'enter' | 'update' | 'leave';
}

/** What names the set of members after this frame, for the next `attach`. Opaque. */
interface Versioned {
  readonly v?: string;
}
export interface PresenceFrame extends MemberChange, Versioned {
  readonly t: 'presence';
  readonly c: string;
}
/** Several of them, in order: what a busy channel collects for a moment. */
export interface ChangesFrame extends Versioned {
  readonly t: 'changes';
  readonly c: string;
  readonly changes: readonly MemberChange[];
}
/** All members, in one or more frames; `v` is on the last one. */
export interface SyncFrame extends Versioned {
  readonly t: 'sync';
  readonly c: string;
  /** First page of a set. */
  readonly first?: boolean;
  /** Another page follows. */
  readonly more?: boolean;
  readonly members: readonly MemberFrame[];
}
