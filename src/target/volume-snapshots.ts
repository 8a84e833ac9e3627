/** Snapshots of a volume, as its administrator asks for them: the coordinator's commands as promises and errors. */
import type { Coordinator } from '../replication/coordinator/coordinator.ts';
import type { SnapshotAnswer, SnapshotProblem } from '../replication/coordinator/snapshot-commands.ts';
import { snapshotsMax, type SnapshotInfo } from '../replication/record.ts';

export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
  readonly problem: SnapshotProblem;
  constructor(problem: SnapshotProblem) {
    super(problemText[problem]);
    this.problem = problem;
  }
}

const problemText: Readonly<Record<SnapshotProblem, string>> = {
  busy: 'too few replicas are in sync, or another snapshot command runs: try again',
  noSpace: 'the pools have no room',
  unreadable: 'no replica can read it',
  notFound: 'there is no snapshot of that name',
  tooMany: `there are ${snapshotsMax} snapshots, which is the most: delete one`,
  newer: 'later snapshots would be lost: delete them, or say that they may go',
  badName: 'give a name of 1 to 128 letters, digits and ._:- that begins with a letter or digit',
  unsupported: 'the pool of a replica is of a release that knows no snapshots: upgrade it',
};

export class VolumeSnapshots {
  readonly #coordinator: Coordinator;
  readonly #now: () => number;
  /** Runs while nothing is read in order to be written. */
  readonly #alone: (run: () => Promise<void>) => Promise<void>;

  constructor(
    coordinator: Coordinator,
    now: () => number,
    alone: (run: () => Promise<void>) => Promise<void>,
  ) {
    this.#coordinator = coordinator;
    this.#now = now;
    this.#alone = alone;
  }

  /** Durable ones, ascending by number. */
  list(): readonly SnapshotInfo[] {
    return this.#coordinator.snapshots;
  }

  /** Durable on a quorum when answered. Rejects with SnapshotError. */
  async take(name: string, createdAtMs: number): Promise<{ snapshot: SnapshotInfo; existed: boolean }> {
    const find = () => this.list().find((snapshot) => snapshot.name === name);
    const existed = find() !== undefined;
    await ask((answer) => this.#coordinator.takeSnapshot(name, createdAtMs, this.#now(), answer));
    const snapshot = find();
    // Deleted by another command before this one was heard.
    if (!snapshot) throw new SnapshotError('busy');
    return { snapshot, existed };
  }

  async delete(name: string): Promise<void> {
    await ask((answer) => this.#coordinator.deleteSnapshot(name, this.#now(), answer));
  }

  async revert(name: string, removeNewer: boolean): Promise<void> {
    await this.#alone(() =>
      ask((answer) => this.#coordinator.revert(name, removeNewer, this.#now(), answer)),
    );
  }
}

const ask = (run: (answer: SnapshotAnswer) => void): Promise<void> =>
  new Promise((resolve, reject) =>
    run((result) => (result.ok ? resolve() : reject(new SnapshotError(result.problem)))),
  );
