/**
 * When V8 collects its old space. A pool keeps little in it, about 10 MB, and much outside (arenas, tables), so the space
 * between two collections is no larger than the young generation: by itself V8 then begins the next one at once, over and
 * over, each with milliseconds of the loop. Told to wait until most of that space is used it collects a third as often.
 */
import { setFlagsFromString } from 'node:v8';

/** In per cent of the space that V8 leaves between two collections. */
const softTrigger = 60;
const hardTrigger = 80;

/** For processes with an open pool; once, before it is opened. */
export function collectLate(): void {
  setFlagsFromString(`--incremental-marking-soft-trigger=${softTrigger}`);
  setFlagsFromString(`--incremental-marking-hard-trigger=${hardTrigger}`);
}
