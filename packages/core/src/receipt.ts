/** What a publish resolves with. */
import type { Receipt } from './channel-api.ts';

type Proof = Pick<Receipt, 'level'> & Partial<Pick<Receipt, 'serial' | 'timestamp'>>;

/** What is known of a publish that was handed over so many times. */
export function toReceipt(id: string, attempts: number, proof: Proof): Receipt {
  const { level, serial, timestamp } = proof;
  return { id, level, serial, timestamp, attempts };
}
