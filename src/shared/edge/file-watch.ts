/** Mounted files change under a running process (ConfigMaps and Secrets are swapped by symbolic link). */
import { statSync, type Stats } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { untilBeatMs } from '../beats.ts';

export interface Watching {
  stop(): void;
}

/**
 * Calls `changed` after the file behind `path` has become another one or was written, links followed. Looks every
 * `lookMs`: inotify does not see the swap of a link above the file. One that is not there is looked at again when it is.
 */
export function watchContent(path: string, lookMs: number, changed: () => void): Watching {
  let known = statOf(path);
  const look = () => {
    timer = later();
    const now = statOf(path);
    if (now === undefined || (now.mtimeMs === known?.mtimeMs && now.ino === known.ino)) return;
    known = now;
    changed();
  };
  // It alone keeps no process alive.
  const later = () => setTimeout(look, untilBeatMs(performance.now(), lookMs)).unref();
  let timer = later();
  return { stop: () => clearTimeout(timer) };
}

/** At once: what a name means is in memory, and a thread of its own would cost an idle process more than all else it does. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // not to be reached now, which is told when it is to be read
  }
}
