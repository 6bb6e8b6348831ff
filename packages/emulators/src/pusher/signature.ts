/** Signatures of channels, users, requests and webhooks: HMAC-SHA256 in hex, over the raw bytes. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export const hmac = (secret: string, content: string | Uint8Array): string =>
  createHmac('sha256', secret).update(content).digest('hex');

export const md5 = (content: Uint8Array): string => createHash('md5').update(content).digest('hex');

/** Whether two texts are equal, in a time that does not tell where they differ. */
export function isSame(one: string, other: string): boolean {
  const digests = [one, other].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(digests[0] as Buffer, digests[1] as Buffer);
}
