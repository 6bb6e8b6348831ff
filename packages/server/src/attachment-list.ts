/** The attachments of one connection: most have one channel, and a `Map` for one is a waste for every idle client. */
import type { Attachment } from './attachment.ts';

export class AttachmentList {
  private only: Attachment | undefined = undefined;
  /** From the second channel on. */
  private byName: Map<string, Attachment> | undefined = undefined;

  get size(): number {
    return this.byName ? this.byName.size : this.only ? 1 : 0;
  }

  get(name: string): Attachment | undefined {
    if (this.byName) return this.byName.get(name);
    return this.only?.channel.name === name ? this.only : undefined;
  }

  add(attachment: Attachment): void {
    if (!this.byName && !this.only) {
      this.only = attachment;
      return;
    }
    this.byName ??= new Map(this.only ? [[this.only.channel.name, this.only]] : []);
    this.byName.set(attachment.channel.name, attachment);
    this.only = undefined;
  }

  remove({ channel }: Attachment): void {
    this.byName?.delete(channel.name);
    if (this.only?.channel === channel) this.only = undefined;
  }

  /** All, as they are now. */
  all(): readonly Attachment[] {
    if (this.byName) return [...this.byName.values()];
    return this.only ? [this.only] : [];
  }
}
