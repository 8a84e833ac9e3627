/**
 * A scrub of the pool through the API: annotation `cstor.openebs.io/scrub` asks for it and is taken away when the daemon
 * has heard it, `status.scrub` shows it, events tell of its turns.
 */
import { scrubWish } from '../../api/names.ts';
import type { PoolStatusRead } from '../../api/proto/caskade/pool/v1/PoolStatus.ts';
import type { ScrubRequest } from '../../api/proto/caskade/pool/v1/ScrubRequest.ts';
import type { Violation } from '../checks.ts';

/** What somebody asks for. */
export interface ScrubWish {
  /** The annotation, as it was read. */
  readonly text: string;
  readonly request: ScrubRequest;
}

export interface ScrubShown {
  readonly run: number;
  readonly state: string;
  readonly percent: number;
  readonly repairedBlocks: number;
  readonly lostBlocks: number;
}

const actions = {
  start: 'SCRUB_ACTION_START',
  pause: 'SCRUB_ACTION_PAUSE',
  stop: 'SCRUB_ACTION_STOP',
} as const;
const actionOf = (word: string | undefined) =>
  word === 'start' || word === 'pause' || word === 'stop' ? actions[word] : undefined;

/** What the annotation asks for; undefined: it says nothing that is understood. */
export function parseScrub(text: string): ScrubWish | undefined {
  const [word, share, ...rest] = text.split(/\s+/).filter((part) => part !== '');
  const action = actionOf(word);
  if (action === undefined || rest.length > 0) return undefined;
  if (share === undefined) return { text, request: { action } };
  const percent = /^share=(\d{1,3})$/.exec(share)?.[1];
  const sharePercent = Number(percent ?? 0);
  if (word !== 'start' || sharePercent < 1 || sharePercent > 100) return undefined;
  return { text, request: { action, sharePercent } };
}

export const scrubNotUnderstood = 'ScrubNotUnderstood';
export const unreadableScrub = (text: string): Violation => ({
  reason: scrubNotUnderstood,
  message: `metadata.annotations["${scrubWish.annotation}"] is "${text}": give "${scrubWish.form}", PERCENT from 1 to 100`,
});

const states: Readonly<Record<string, string>> = {
  RUNNING: 'Running',
  PAUSED: 'Paused',
  STOPPED: 'Stopped',
  DONE: 'Done',
};

/** In steps of a tenth while it runs: what moves every second is the metrics' matter. */
export function shownScrub({ scrub }: Pick<PoolStatusRead, 'scrub'>): ScrubShown | undefined {
  if (scrub === null) return undefined;
  const { runs: run, repairedBlocks, lostBlocks, doneBytes, totalBytes } = scrub;
  const state = states[scrub.state] ?? scrub.state;
  const part = totalBytes === 0 ? 0 : doneBytes / totalBytes;
  const percent = state === 'Running' ? 10 * Math.floor(10 * part) : Math.floor(100 * part);
  return { run, state, percent, repairedBlocks, lostBlocks };
}

export interface ScrubEvent {
  readonly type: 'Normal' | 'Warning';
  readonly message: string;
}

/** What is worth telling when `now` comes after `before`. */
export function scrubEvent(
  before: ScrubShown | undefined,
  now: ScrubShown | undefined,
): ScrubEvent | undefined {
  if (now === undefined) return undefined;
  const { run, state, percent, repairedBlocks, lostBlocks } = now;
  const same = before?.run === run ? before : undefined;
  const isNew = same?.state !== state;
  const type = lostBlocks > 0 ? 'Warning' : 'Normal';
  const found = `${repairedBlocks} blocks repaired, ${lostBlocks} without a good copy in this pool`;
  if (state === 'Done') return isNew ? { type, message: `scrub ${run} is done: ${found}` } : undefined;
  if (state !== 'Running')
    return isNew
      ? { type, message: `scrub ${run} is ${state.toLowerCase()} at ${percent} %: ${found}` }
      : undefined;
  if (lostBlocks > 0 && (same?.lostBlocks ?? 0) === 0)
    return { type, message: `scrub ${run} goes on: ${found}` };
  if (!isNew) return undefined;
  return { type: 'Normal', message: `scrub ${run} ${same === undefined ? 'runs' : 'goes on'}` };
}
