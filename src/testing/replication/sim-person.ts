/**
 * Somebody who goes on with the members that are left when a quorum is gone for good (R36), and who may be wrong about that. What is
 * asked for, and with which words, the product's own refusals decide; what was given up stays away until every target knows.
 */
import {
  expectedLosses,
  refusalOf,
  type ForcedView,
  type ExpectedLoss,
} from '../../replication/forced-change.ts';
import type { MembershipRecord } from '../../api/target-config.ts';
import { must } from '../../shared/assert.ts';
import type { SimReplica } from './sim-replica.ts';
import type { SimTarget } from './sim-target.ts';
import type { SimWorld } from './sim-world.ts';

/** What those who are given up do: stay away; come back as they were, for they were not lost; or with an older root. */
export type Comeback = 'never' | 'as it was' | 'rewound';

interface Wish {
  readonly survivors: readonly SimReplica[];
  readonly givenUp: readonly SimReplica[];
  readonly comeback: Comeback;
}

/** What the operator has for it. */
export interface Records {
  /** That in force, and each that may be by now. */
  readonly records: readonly MembershipRecord[];
  /** `comesBack`: those that are given up were not lost. */
  force(survivors: readonly SimReplica[], comesBack: boolean): MembershipRecord;
}

export class SimPerson {
  readonly #world: SimWorld;
  readonly #records: Records;
  #wish: Wish | undefined;
  /** Those that are there in truth, and want to be back. */
  #returning: { readonly all: readonly SimReplica[]; readonly rewound: boolean } | undefined;
  /** By version: what was said to be missing perhaps. */
  readonly #said = new Map<number, ExpectedLoss>();
  #forcedVersion = 0;
  /** As many members as there were. */
  membersWanted = 0;

  constructor(world: SimWorld, records: Records) {
    this.#world = world;
    this.#records = records;
  }

  /** Members are away, and somebody is about to give them up. */
  get isWaiting(): boolean {
    return this.#wish !== undefined;
  }

  /** The worst that was accepted with any of the records above `known`, up to this version: all of them take effect at once. */
  saidFor(known: number, version: number): ExpectedLoss {
    const said = [...this.#said].filter(([each]) => each > known && each <= version).map(([, loss]) => loss);
    return must(
      expectedLosses.findLast((loss) => said.includes(loss)),
      'what was said',
    );
  }

  wants(wish: Wish): void {
    this.#wish = wish;
  }

  /** They come back, though they were called lost. */
  comeBack(): void {
    const wish = this.#wish;
    if (!wish || wish.comeback === 'never') return;
    this.#wish = undefined;
    for (const replica of wish.givenUp) {
      replica.isAway = false;
      replica.start();
    }
  }

  poll(): void {
    const { random, alive } = this.#world;
    this.#letBack();
    if (this.#wish && !this.#wish.givenUp.some((one) => this.#isMember(one))) this.#wish = undefined;
    if (this.#wish && alive.length > 0 && random.chance(0.5)) this.decide();
  }

  /** A change of members that was under way may have taken away all that were to be given up. */
  #isMember({ id, store }: SimReplica): boolean {
    return this.#records.records.some(({ members }) => members[id] === store.identity.guid);
  }

  /** Answers whether the members are others now. */
  decide(): boolean {
    const target = this.#world.alive.at(-1);
    const wish = this.#wish;
    if (!wish || !target) return false;
    const loss = expectedLosses.find((word) => this.#refusal(word, target) === undefined);
    if (loss !== undefined) this.#force(wish, loss);
    return loss !== undefined;
  }

  #refusal(loss: ExpectedLoss, { coordinator }: SimTarget): string | undefined {
    const { phase, replicas } = coordinator.status();
    const view: ForcedView = {
      volume: 'v',
      records: this.#records.records.map(({ members }) => Object.keys(members)),
      serving: phase === 'Healthy' || phase === 'Degraded',
      connected: replicas.flatMap(({ replicaId, state }) => (state === 'Offline' ? [] : [replicaId])),
    };
    const survivors = this.#wish?.survivors.map(({ id }) => id) ?? [];
    return refusalOf({ volume: 'v', survivors, loss }, view);
  }

  #force({ survivors, givenUp, comeback }: Wish, loss: ExpectedLoss): void {
    const { reach } = this.#world;
    const record = this.#records.force(survivors, comeback !== 'never');
    this.#wish = undefined;
    this.#forcedVersion = record.version;
    this.#said.set(record.version, loss);
    reach.hit('R36 forced');
    reach.hit(`R36 ${loss} may be missing`);
    for (const replica of givenUp) {
      replica.isGivenUp = true;
      if (replica.lost) replica.remove();
    }
    if (comeback !== 'never') this.#returning = { all: givenUp, rewound: comeback === 'rewound' };
  }

  /** Not before every target that was there has ended, or has heard of it: until then nobody starts what was given up. */
  #letBack(): void {
    const { alive, random, reach } = this.#world;
    const returning = this.#returning;
    const knows = ({ file }: SimTarget) => file.membership.version >= this.#forcedVersion;
    if (!returning || !alive.every(knows) || random.chance(0.7)) return;
    this.#returning = undefined;
    for (const replica of returning.all) {
      replica.isAway = false;
      reach.hit('R36 given up came back');
      if (!returning.rewound || replica.lost || replica.pool?.isAtFault === true) replica.start();
      else {
        replica.lost = true;
        this.#world.rewound(replica, random.below(1_000)).start();
      }
    }
  }
}
