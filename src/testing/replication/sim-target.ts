/** A target process: the real coordinator over simulated links, watched by a witness. */
import { Coordinator } from '../../replication/coordinator/coordinator.ts';
import { decodeReplicaMessage } from '../../replication/replica-message-codec.ts';
import type { ReplicaMessage, TargetMessage } from '../../replication/messages.ts';
import { headerBytes } from '../../replication/wire.ts';
import { must } from '../../shared/assert.ts';
import { directDoor, type Door } from './sim-door.ts';
import { framesFor } from './sim-input.ts';
import type { SimLink } from './sim-network.ts';
import { placeOf, type MembershipFile } from './sim-operator.ts';
import type { Place } from './sim-order.ts';
import type { SimProcess } from './sim-process.ts';
import type { SimReplica } from './sim-replica.ts';
import { SimScrubs } from './sim-scrubs.ts';
import { SimStates } from './sim-states.ts';
import { ScsiDoor } from './sim-scsi.ts';
import { Witness } from './sim-witness.ts';
import type { SimWorld } from './sim-world.ts';
import { askedAsMessage } from './sim-asked.ts';

export class SimTarget {
  readonly name: string;
  readonly coordinator: Coordinator;
  readonly process: SimProcess;
  readonly nonce: number;
  readonly witness: Witness;
  /** Where initiators come in. */
  readonly door: Door;
  readonly #scsi: ScsiDoor | undefined;
  readonly #scrubs: SimScrubs;
  readonly #states: SimStates;
  file: MembershipFile;
  readonly #places = new Map<string, SimReplica>();
  readonly #world: SimWorld;
  #adoptedEpoch = 0;
  #servesEpoch = 0;
  /** A later one has served since. */
  #isOld = false;

  constructor(world: SimWorld, name: string) {
    this.name = name;
    this.#world = world;
    this.process = world.newProcess();
    this.nonce = 1 + world.random.below(2 ** 31);
    this.witness = new Witness(world.plan, this.process);
    this.file = world.operator.mounted();
    const places = world.operator.placesOf(this.file);
    this.coordinator = new Coordinator({
      membership: this.file.membership,
      nextMembership: this.file.next,
      places: places.map(placeOf),
      nonce: this.nonce,
      timing: world.plan.timing,
      effects: {
        send: (replicaId, message) => this.#send(replicaId, message),
        ask: (replicaId, fence, read) => this.#send(replicaId, askedAsMessage(fence, read)),
        feed: (replicaId, window, from, to) => {
          for (let number = from; number <= to; number++) {
            const slab = window.slabOf(number);
            const at = window.dataAt(number);
            const made =
              slab && new Uint8Array(slab.bytes.subarray(at - headerBytes, at + window.dataBytes(number)));
            this.#send(replicaId, { ...window.fence, type: 'entry', entry: window.entry(number) }, made);
          }
        },
        close: (replicaId, reason) => this.#close(replicaId, reason),
        ticket: () => '',
        changed: () => undefined,
        dropped: (id) => {
          this.#close(id, 'no member any more');
          this.#places.delete(id);
        },
        ended: (reason) => this.#end(reason),
      },
    });
    this.#scsi = world.plan.scsi ? new ScsiDoor(world, this.coordinator, this.process) : undefined;
    this.door = this.#scsi ?? directDoor(this.coordinator, this.process);
    this.#states = new SimStates(world.reach);
    this.#scrubs = new SimScrubs(world, this.coordinator, this.door);
    this.process.every(10, world.random.below(10), () => {
      this.coordinator.tick(this.process.nowMs);
      this.#look();
    });
    for (const replica of places) this.#place(replica);
  }

  /** The file has changed. */
  read(file: MembershipFile, members: readonly SimReplica[]): void {
    this.process.run(() => {
      if (this.#endsBy(file)) return;
      const before = members
        .flatMap((one) => this.#places.get(one.id) ?? [])
        .filter((one) => !members.includes(one));
      // A seat that somebody else has here is not free before its disk is gone and its link as well.
      if (before.some((one) => !one.lost || this.#world.network.linkBetween(this, one))) return;
      this.file = file;
      for (const one of before) {
        this.coordinator.disconnected(one.id, 'replaced', this.process.nowMs);
        this.coordinator.forget(one.id);
      }
      // Placed first: whom the coordinator does not need it drops within the call.
      for (const one of members) if (this.#places.get(one.id) !== one) this.#place(one);
      this.coordinator.setMembers(file.membership, file.next, members.map(placeOf), this.process.nowMs);
      this.#look();
    });
  }

  /** R36: what it knows of the others is over; the next one begins with those that are left. */
  #endsBy({ membership: { forced, version } }: MembershipFile): boolean {
    if (forced !== true || version <= this.coordinator.status().membership.version) return false;
    const world = this.#world;
    world.reach.hit('R36 target ended');
    this.kill();
    // It is started again, while an older one that nobody reaches may go on.
    if (world.targets.at(-1) === this) world.scheduler.after(world.delay(50), () => world.newTarget());
    return true;
  }

  /** The replicas are compared; one that runs goes on. */
  scrub(): void {
    this.process.run(() => this.#scrubs.start());
  }

  #place(replica: SimReplica): void {
    this.#places.set(replica.id, replica);
    this.#dialLater(replica);
  }

  /** Its history, as far as it is now. */
  get at(): Place {
    const { epoch, last } = this.coordinator.status();
    return { epoch, number: last };
  }

  get alive(): boolean {
    return this.process.alive;
  }

  /** kill -9 */
  kill(): void {
    if (!this.alive) return;
    this.#world.trace(this.name, 'is gone');
    this.process.alive = false;
    this.#world.network.processGone(this.process);
  }

  connected(link: SimLink, promisedEpoch: number): void {
    this.witness.connected(link);
    this.coordinator.connected(link.replica.id, promisedEpoch, this.process.nowMs);
    this.#look();
  }

  /** Frames that came together. */
  receive(link: SimLink, pieces: readonly Uint8Array[]): void {
    const { coordinator, process, witness } = this;
    if (pieces.length > 1) this.#world.reach.hit('several messages at once');
    const take = (message: ReplicaMessage): void => {
      if (!link.targetOpen) return; // it was closed by the one before
      witness.received(link, message);
      coordinator.receive(link.replica.id, message, process.nowMs);
    };
    framesFor(
      pieces,
      (frame) => take(decodeReplicaMessage(frame)),
      () => coordinator.endBatch(process.nowMs),
    );
    this.#look();
  }

  /** The link is gone, as this process finds out now. */
  disconnected(link: SimLink): void {
    this.witness.lost(link);
    this.coordinator.disconnected(link.replica.id, 'lost', this.process.nowMs);
    this.#look();
    this.#dialLater(link.replica);
  }

  /** What it shows is checked whenever it may have changed. */
  #look(): void {
    const { coordinator, witness } = this;
    const status = coordinator.status();
    const { epoch, flushed, replicas, scrub } = status;
    this.#scrubs.check(scrub);
    this.#states.see(status);
    for (const { state, message } of replicas) {
      if (state === 'PoolFull') this.#world.reach.hit('R17 left out as full');
      if (message.startsWith('was too slow')) this.#world.reach.hit('R17 left out as slow');
    }
    if (epoch > 0) witness.claimsFlushed(flushed);
    if (coordinator.serving && epoch < this.#world.servedEpoch && !this.#isOld) {
      this.#isOld = true;
      this.#world.reach.hit('old target awake');
    }
    if (!coordinator.serving || this.#servesEpoch === epoch) return;
    this.#servesEpoch = epoch;
    this.#scsi?.open();
    witness.serving();
    this.#world.trace(this.name, `serves epoch ${epoch}`);
    this.#world.truth.serves(epoch);
    this.#world.servedEpoch = Math.max(epoch, this.#world.servedEpoch);
    this.#world.saidBy('serving', this);
  }

  #dialLater(replica: SimReplica): void {
    const { scheduler, network } = this.#world;
    scheduler.after(this.#world.delay(60), () => {
      if (!this.alive || this.#places.get(replica.id) !== replica) return;
      if (network.linkBetween(this, replica)) return;
      if (!network.connect(this, replica)) this.#dialLater(replica);
    });
  }

  #send(replicaId: string, message: TargetMessage, made?: Uint8Array): void {
    const { truth, network, reach } = this.#world;
    if (message.type === 'committed') {
      this.witness.claimsCommitted(message.version);
      truth.committed(message.version);
    }
    if (message.type === 'entry') truth.entry(message.epoch, message.entry);
    if ((message.type === 'attach' || message.type === 'rebuild') && message.epoch !== this.#adoptedEpoch) {
      const lossy = this.coordinator.lossyEpoch === message.epoch;
      if (this.#adoptedEpoch > 0) reach.hit('R8 started over');
      if (lossy) reach.hit('R5 lossy');
      reach.hit('R7 adopted');
      this.#adoptedEpoch = message.epoch;
      const chosen = truth.membershipOf(message.epochs, this.file.membership);
      this.witness.chose(lossy, chosen, message.epochs.at(-1)?.first ?? 0);
      const { operator } = this.#world;
      const change = truth.forcedBy(message.epochs, this.file.membership);
      const forced = change && {
        record: change.record,
        loss: operator.person.saidFor(change.known, change.record.version),
      };
      if (forced) reach.hit(lossy ? 'R36 told' : 'R36 nothing is missing');
      truth.adopted(message.epochs, this.nonce, lossy, forced);
    }
    network.down(this, replicaId, message, made);
  }

  #close(replicaId: string, reason: string): void {
    this.#world.trace(this.name, `closes ${replicaId}: ${reason}`);
    const replica = must(this.#places.get(replicaId), replicaId);
    const link = this.#world.network.linkBetween(this, replica);
    if (link) {
      this.witness.lost(link);
      this.#world.network.closeFrom(link.id, 'target');
    }
    this.#dialLater(replica);
  }

  #end(reason: string): void {
    this.#world.reach.hit('R10 target ended');
    this.#world.trace(this.name, `ends: ${reason}`);
    // The process exits a moment later; until then it may still try to answer.
    this.#world.scheduler.after(this.#world.delay(50), () => this.kill());
  }
}
