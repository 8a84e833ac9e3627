/**
 * What users ask about snapshots, one command at a time: each becomes an entry in the order of all others (R24). Asked
 * again after an answer that got lost a command does no harm: what is there already is made durable and confirmed.
 */
import type { DatalessBody } from '../messages.ts';
import { isSnapshotName, snapshotsMax } from '../record.ts';
import { isAttached, reportOf, type Member } from './member.ts';
import type { Answer, Problem } from './requests.ts';
import type { Seats } from './seats.ts';
import type { VolumeState } from './volume-state.ts';

export type SnapshotProblem =
  | Problem
  | 'notFound'
  /** There are as many as there may be. */
  | 'tooMany'
  /** Later snapshots would be lost. */
  | 'newer'
  /** No such name can be. */
  | 'badName'
  /** A replica in the stream is of a release that knows no snapshots. */
  | 'unsupported';

export type SnapshotAnswer = (
  result: { readonly ok: true } | { readonly ok: false; readonly problem: SnapshotProblem },
) => void;

interface CommandsOptions {
  readonly seats: Seats;
  readonly volume: VolumeState;
  /** Gives it a number, and answers once it is durable. */
  readonly submit: (body: DatalessBody, nowMs: number, answer: Answer<void>) => void;
}

export class SnapshotCommands {
  readonly #o: CommandsOptions;
  #isBusy = false;

  constructor(options: CommandsOptions) {
    this.#o = options;
  }

  take(name: string, createdAtMs: number, nowMs: number, answer: SnapshotAnswer): void {
    if (!isSnapshotName(name)) return answer({ ok: false, problem: 'badName' });
    if (this.#find(name)) return this.#submit({ kind: 'flush' }, nowMs, answer);
    if (this.#o.volume.issued.snapshots.length >= snapshotsMax)
      return answer({ ok: false, problem: 'tooMany' });
    this.#submit({ kind: 'snapshot', name, createdAtMs }, nowMs, answer);
  }

  delete(name: string, nowMs: number, answer: SnapshotAnswer): void {
    const found = this.#find(name);
    if (!found) return this.#submit({ kind: 'flush' }, nowMs, answer);
    this.#submit({ kind: 'deleteSnapshot', name, of: found.number }, nowMs, answer);
  }

  /** `removeNewer`: it may cost the snapshots that were taken since. */
  revert(name: string, removeNewer: boolean, nowMs: number, answer: SnapshotAnswer): void {
    const found = this.#find(name);
    if (!found) return answer({ ok: false, problem: 'notFound' });
    const isNewest = this.#o.volume.issued.snapshots.at(-1) === found;
    if (!isNewest && !removeNewer) return answer({ ok: false, problem: 'newer' });
    this.#submit({ kind: 'revert', name, to: found.number }, nowMs, answer);
  }

  #find(name: string) {
    return this.#o.volume.issued.snapshots.find((snapshot) => snapshot.name === name);
  }

  /** The next one is judged by what this one has made. */
  #submit(body: DatalessBody, nowMs: number, answer: SnapshotAnswer): void {
    if (this.#isBusy) return answer({ ok: false, problem: 'busy' });
    const isOld = (member: Member) => isAttached(member) && reportOf(member)?.snapshots === undefined;
    if (this.#o.seats.all.some(isOld)) return answer({ ok: false, problem: 'unsupported' });
    this.#isBusy = true;
    this.#o.submit(body, nowMs, (result) => {
      this.#isBusy = false;
      if (result.ok) this.#o.volume.snapshotsSettled();
      answer(result);
    });
  }
}
