/** Mounted files change under a running process (ConfigMaps and Secrets are swapped by symbolic link). */
import { unwatchFile, watchFile } from 'node:fs';

export interface Watching {
  stop(): void;
}

/**
 * Calls `changed` after the file behind `path` has become another one or was written, links followed. Looks every
 * `lookMs`: inotify does not see the swap of a link above the file.
 */
export function watchContent(path: string, lookMs: number, changed: () => void): Watching {
  const listener = (now: { mtimeMs: number; ino: number }, before: { mtimeMs: number; ino: number }) => {
    // mtime 0: it is not there; it is looked at again when it is.
    if (now.mtimeMs !== 0 && (now.mtimeMs !== before.mtimeMs || now.ino !== before.ino)) changed();
  };
  watchFile(path, { interval: lookMs, persistent: false }, listener);
  return { stop: () => unwatchFile(path, listener) };
}
