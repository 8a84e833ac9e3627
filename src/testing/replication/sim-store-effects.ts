/** The asynchronous half of a replica's store: that of the naive store, which takes a while, or that of the real engine. */
import type { VolumeStore } from '../../pool-manager/engine/volume-store.ts';
import { ReadRooms } from '../../pool-manager/read-rooms.ts';
import { storeEffects } from '../../pool-manager/replica-server-store.ts';
import type { BlockRange, CopiedExtent } from '../../replication/copy.ts';
import type { Done, Outcome, StoreEffects } from '../../replication/store.ts';
import { must } from '../../shared/assert.ts';
import { silentLog } from '../../shared/log.ts';
import type { SimProcess } from './sim-process.ts';
import type { SimStore } from './sim-store.ts';
import type { SimWorld } from './sim-world.ts';

export interface StoreUser {
  readonly world: SimWorld;
  readonly process: SimProcess;
  readonly store: SimStore;
  /** So many times the usual. */
  slowness(): number;
  /** One synchronous run of the process. */
  step(run: () => void): void;
  /** A commit begins. */
  commits(): void;
  /** Something was not as it should be, and says so: throws Violation unless there was a fault that explains it. */
  explained(what: string): void;
}

/** Of the naive store: what is read is what was there at some instant between the question and the answer. */
export function naiveEffects(user: StoreUser): StoreEffects {
  const { world, process, store } = user;
  const { scheduler } = world;
  const delay = (meanMs: number) => world.delay(meanMs) * user.slowness();
  const later = <T>(read: () => T, done: Done<T>): void =>
    scheduler.after(delay(4), () => {
      if (!process.alive) return;
      let outcome: Outcome<T>;
      try {
        outcome = { ok: true, value: read() };
      } catch (error) {
        outcome = { ok: false, message: String(error) };
      }
      scheduler.after(delay(4), () => process.run(() => user.step(() => done(must(outcome, 'outcome')))));
    });
  return {
    commit: (done) => {
      const complete = store.beginCommit();
      user.commits();
      scheduler.after(delay(30), () => {
        if (!process.alive) return;
        complete();
        process.run(() => user.step(done));
      });
    },
    read: (block, count, done, snapshot) => later(() => store.read(block, count, snapshot), done),
    readBriefly: (block, count, done) => later(() => store.read(block, count), overwritten(done)),
    gather: (ranges, done, snapshot) => later(() => gathered(store, ranges, snapshot), scribbled(done)),
    births: (after, { block, count }, limit, done, snapshot) =>
      later(() => store.births(after, block, count, limit, snapshot), done),
    repair: (block, data) => {
      if (store.repair(block, data)) world.reach.hit('block repaired');
    },
    digest: (block, count, snapshot, done) => later(() => store.digest(block, count, snapshot), done),
  };
}

/** Of a volume of the engine, as the pool's daemon has them; `store` is its model. */
export function engineEffects(user: StoreUser, volume: VolumeStore): StoreEffects {
  const { store, world } = user;
  const log = {
    ...silentLog,
    info: (what: string) => {
      user.explained(what);
      world.reach.hit('block repaired');
    },
    error: (what: string, fields?: object) => user.explained(`${what} ${JSON.stringify(fields)}`),
  };
  const effects = storeEffects(volume, log, () => undefined, new ReadRooms());
  // What was dropped meanwhile need not be answered; what is there has to be.
  const isThere = (snapshot: string | undefined): boolean =>
    snapshot === undefined || store.snapshots().some(({ name }) => name === snapshot);
  const stepped =
    <T>(done: Done<T>, snapshot?: string): Done<T> =>
    (outcome) => {
      if (!outcome.ok && isThere(snapshot)) user.explained(`the store failed: ${outcome.message}`);
      user.step(() => done(outcome));
    };
  return {
    commit: (done) => {
      const complete = store.beginCommit();
      user.commits();
      effects.commit(() => {
        complete();
        user.step(done);
      });
    },
    read: (block, count, done, snapshot, only) =>
      effects.read(block, count, stepped(done, snapshot), snapshot, only),
    readBriefly: (block, count, done) => effects.readBriefly(block, count, overwritten(stepped(done))),
    gather: (ranges, done, snapshot) => effects.gather(ranges, scribbled(stepped(done, snapshot)), snapshot),
    births: (after, range, limit, done, snapshot) =>
      effects.births(after, range, limit, stepped(done, snapshot), snapshot),
    repair: (block, data) => {
      effects.repair(block, data);
      store.repair(block, data);
    },
    digest: (block, count, snapshot, done) => effects.digest(block, count, snapshot, stepped(done, snapshot)),
  };
}

/** Block by block. */
export const gathered = (
  store: SimStore,
  ranges: readonly BlockRange[],
  snapshot: string | undefined,
): CopiedExtent[] =>
  ranges.flatMap(({ block, count }) =>
    Array.from({ length: count }, (_, index) => {
      const at = block + index;
      const { birth, mapped } = store.births(0, at, 1, 1, snapshot).extents[0] ?? { birth: 0, mapped: false };
      const data = mapped ? store.read(at, 1, snapshot) : undefined;
      return { block: at, count: 1, birth, data };
    }),
  );

const scribbled =
  (done: Done<readonly CopiedExtent[]>): Done<readonly CopiedExtent[]> =>
  (outcome) => {
    done(outcome);
    if (outcome.ok) for (const { data } of outcome.value) data?.fill(0xee);
  };

/** What was answered briefly is somebody else's afterwards. */
const overwritten =
  (done: Done<Uint8Array>): Done<Uint8Array> =>
  (outcome) => {
    done(outcome);
    if (outcome.ok) outcome.value.fill(0xee);
  };
