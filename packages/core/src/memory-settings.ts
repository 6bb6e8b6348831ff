/** What a memory hub is made with, and what it asks the app. */
import type { Clock } from './clock.ts';
import type { Capabilities, Limits } from './contract.ts';
import type { Authenticate } from './memory-identity.ts';

/** What a client wants to do. */
export interface HubAccess {
  readonly clientId: string | undefined;
  readonly channel: string;
  readonly action: 'attach' | 'publish' | 'presence' | 'history';
}

export interface HubSettings {
  readonly clock: Clock;
  readonly defer: (fn: () => void) => void;
  readonly capabilities: Capabilities;
  readonly historySize: number;
  readonly heartbeatMs: number;
  readonly limits?: Limits;
  readonly authenticate?: Authenticate;
  readonly authorize?: (access: HubAccess) => boolean;
}
