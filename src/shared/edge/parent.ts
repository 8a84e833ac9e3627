/**
 * The channel between a process and the one that started it (`caskade local`): an IPC pipe of Node. A process that
 * Kubernetes started has none, and all of this does nothing.
 */

/** What a child tells its parent. */
export type ChildReport =
  /** Its admin calls are answered. */
  | { readonly event: 'started' }
  /** A target serves I/O at this portal. */
  | { readonly event: 'serving'; readonly portal: string }
  /** It ends because of what the user gave: the parent's own message and exit status. */
  | { readonly event: 'usage'; readonly message: string };

export function isChildReport(message: unknown): message is ChildReport {
  if (typeof message !== 'object' || message === null || !('event' in message)) return false;
  const { event } = message;
  if (event === 'serving') return 'portal' in message && typeof message.portal === 'string';
  if (event === 'usage') return 'message' in message && typeof message.message === 'string';
  return event === 'started';
}

export function hasParent(): boolean {
  return process.channel !== undefined;
}

/** Resolves when the parent can read it; the parent's death is no error here but the end of the channel. */
export function reportToParent(report: ChildReport): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected || process.send === undefined) resolve();
    else process.send(report, undefined, undefined, () => resolve());
  });
}

/** Calls `then` once the parent has ended, however it ended. The channel does not keep this process alive. */
export function onParentGone(then: () => void): void {
  if (process.channel === undefined) return;
  process.once('disconnect', then);
  process.channel.unref();
}
