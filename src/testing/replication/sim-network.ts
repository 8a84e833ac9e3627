/**
 * Links between targets and replicas: first in, first out in each direction, delayed, cut, stalled; each side finds out
 * about a loss in its own time. What goes over them are the frames of the real codecs. What is sent can set off a fault (Trigger), and is seen by the witness.
 */
import {
  decodeCopyReply,
  decodeCopyRequest,
  encodeCopyReply,
  encodeCopyRequest,
} from '../../replication/copy-codec.ts';
import type { CopyReply, CopyRequest } from '../../replication/copy.ts';
import { encodeReplicaMessage } from '../../replication/replica-message-codec.ts';
import { encodeTargetMessage } from '../../replication/target-message-codec.ts';
import type { CopySource, ReplicaMessage, TargetMessage } from '../../replication/messages.ts';
import type { Done } from '../../replication/store.ts';
import { inputBytes } from '../../shared/edge/socket-input.ts';
import { altered } from '../block-content.ts';
import { checkHoldings } from './sim-holdings.ts';
import { bytesOf, lastingFrame } from './sim-input.ts';
import type { SimProcess } from './sim-process.ts';
import type { SimReplica } from './sim-replica.ts';
import { tagsIn, blocksFor } from './sim-store.ts';
import type { SimTarget } from './sim-target.ts';
import { hold } from './sim-truth.ts';
import type { SimWorld } from './sim-world.ts';

export interface SimLink {
  readonly id: number;
  readonly target: SimTarget;
  readonly replica: SimReplica;
  readonly process: SimProcess;
  /** False once cut: nothing more arrives anywhere. */
  wired: boolean;
  /** What each side believes. */
  targetOpen: boolean;
  replicaOpen: boolean;
  /** When the newest message in each direction arrives: what comes later can not overtake it. */
  readonly arrivesMs: { up: number; down: number };
  /** The next entries of the stream that get lost, or arrive twice, by a fault of the edge. */
  dropNext: number;
  repeatNext: number;
  dropped: boolean;
  repeated: boolean;
  /** Of entries that were sent and have not arrived. */
  entryBytes: number;
  /** What has arrived at the target and is not read yet: all of it comes together then. */
  readonly arrived: Uint8Array[];
}

export class SimNetwork {
  readonly #world: SimWorld;
  readonly #links = new Map<number, SimLink>();
  #lastLink = 0;
  /** Pairs that can not reach each other, and until when. */
  readonly #partitions = new Map<string, number>();
  /** Answers to copiers that are still to be altered. */
  corruptNext = 0;
  corrupted = 0;
  #sent = 0;
  /** The message that was sent last among those that have arrived, by process. */
  readonly #arrived = new Map<SimProcess, number>();

  constructor(world: SimWorld) {
    this.#world = world;
  }

  partition(target: SimTarget, replica: SimReplica, forMs: number): void {
    this.#partitions.set(pair(target, replica), this.#world.scheduler.nowMs + forMs);
    const link = this.linkBetween(target, replica);
    if (link) this.cut(link);
  }

  heal(): void {
    this.#partitions.clear();
    this.corruptNext = 0;
    for (const link of this.#links.values()) {
      [link.dropNext, link.repeatNext] = [0, 0];
      // A connection that lost something does not live on: without a later entry nobody would notice.
      const stalled = Math.max(link.arrivesMs.up, link.arrivesMs.down) > this.#world.scheduler.nowMs + 100;
      if (link.dropped || stalled) this.cut(link);
    }
  }

  connect(target: SimTarget, replica: SimReplica): boolean {
    const { core } = replica;
    const now = this.#world.scheduler.nowMs;
    const parted = (this.#partitions.get(pair(target, replica)) ?? 0) > now;
    if (!core || parted || replica.process.paused) return false;
    hold(!replica.isGivenUp, `R36: ${target.name} links ${replica.id}, which was given up`);
    const hasOld = this.#find((one) => one.target === target && one.replica === replica && one.replicaOpen);
    if (hasOld?.process === replica.process) this.#world.reach.hit('duplicate connection');
    this.#lastLink += 1;
    const link: SimLink = {
      id: this.#lastLink,
      target,
      replica,
      process: replica.process,
      wired: true,
      targetOpen: true,
      replicaOpen: true,
      arrivesMs: { up: now, down: now },
      dropNext: 0,
      repeatNext: 0,
      dropped: false,
      repeated: false,
      entryBytes: 0,
      arrived: [],
    };
    this.#links.set(link.id, link);
    const { heardEpoch } = core;
    this.#deliver(link, 'up', () => target.connected(link, heardEpoch));
    return true;
  }

  /** R11: what comes on a link follows what came before, unless the edge has lost or repeated some of it. */
  refused(linkId: number, reason: string): void {
    const link = this.#links.get(linkId);
    hold(
      link === undefined || link.dropped || link.repeated,
      `R11: nothing was lost on the way, and ${reason}`,
    );
  }

  /** The link that this target believes in. */
  linkBetween(target: SimTarget, replica: SimReplica): SimLink | undefined {
    return this.#find((link) => link.target === target && link.replica === replica && link.targetOpen);
  }

  linksOf(target: SimTarget): readonly SimLink[] {
    return [...this.#links.values()].filter((link) => link.target === target && link.targetOpen);
  }

  /** `made`: its frame, where it was made before. */
  down(target: SimTarget, replicaId: string, message: TargetMessage, made?: Uint8Array): void {
    const link = this.#find((one) => one.target === target && one.replica.id === replicaId && one.targetOpen);
    if (!link) return;
    target.witness.sent(link, message);
    this.#world.said(message.type, link, message.type === 'entry' ? message.entry : message);
    const { replica } = link;
    const isEntry = message.type === 'entry';
    const bytes = isEntry && message.entry.kind === 'write' ? message.entry.data.byteLength : 0;
    if (isEntry && link.dropNext > 0) {
      link.dropNext -= 1;
      link.dropped = true;
      return;
    }
    const sent = made ?? bytesOf(encodeTargetMessage(message));
    const times = isEntry && link.repeatNext > 0 ? 2 : 1;
    if (times === 2) {
      link.repeatNext -= 1;
      link.repeated = true;
    }
    for (let i = 0; i < times; i++) {
      link.entryBytes += bytes;
      this.#deliver(link, 'down', () => {
        link.entryBytes -= bytes;
        replica.receive(link, sent);
      });
    }
  }

  up(linkId: number, message: ReplicaMessage): void {
    const link = this.#links.get(linkId);
    if (!link?.replicaOpen) return;
    if (message.type === 'report' || message.type === 'complete') {
      checkHoldings(this.#world.truth, link.replica.store, `at ${message.type}`);
    }
    this.#world.said(message.type, link, message);
    const sent = bytesOf(encodeReplicaMessage(message));
    this.#deliver(link, 'up', () => this.#arrive(link, sent));
  }

  /** Often what comes next is read with it. */
  #arrive(link: SimLink, sent: Uint8Array): void {
    const { random, scheduler } = this.#world;
    link.arrived.push(sent);
    if (link.arrived.length > 1) return;
    if (random.chance(0.5)) return this.#readAll(link);
    scheduler.after(this.#world.delay(1), () => link.target.process.run(() => this.#readAll(link)));
  }

  /** As much as one read of a socket brings; what a process found when it went on may be several reads. */
  #readAll(link: SimLink): void {
    let bytes = 0;
    const over = link.arrived.findIndex((piece) => (bytes += piece.byteLength) > inputBytes);
    const pieces = link.arrived.splice(0, over === -1 ? link.arrived.length : Math.max(1, over));
    if (pieces.length > 0 && link.targetOpen) link.target.receive(link, pieces);
    if (link.arrived.length > 0) link.target.process.run(() => this.#readAll(link));
  }

  /** One side closes: what it sent before still arrives, then the other side hears of it. */
  closeFrom(linkId: number, side: 'target' | 'replica'): void {
    const link = this.#links.get(linkId);
    if (!link) return;
    if (side === 'target') {
      this.#deliver(link, 'down', () => this.#replicaHears(link));
      link.targetOpen = false;
    } else {
      this.#deliver(link, 'up', () => this.#targetHears(link));
      link.replicaOpen = false;
    }
  }

  /** The network loses the connection: both sides find out, each in its own time. */
  cut(link: SimLink): void {
    if (!link.wired) return;
    link.wired = false;
    const { scheduler } = this.#world;
    scheduler.after(this.#world.delay(300), () => link.target.process.run(() => this.#targetHears(link)));
    scheduler.after(this.#world.delay(300), () => link.process.run(() => this.#replicaHears(link)));
    scheduler.after(20_000, () => this.#links.delete(link.id));
  }

  /** Nothing arrives in this direction for a while; then all of it does. */
  stall(link: SimLink, direction: 'up' | 'down', forMs: number): void {
    const untilMs = this.#world.scheduler.nowMs + forMs;
    link.arrivesMs[direction] = Math.max(link.arrivesMs[direction], untilMs);
  }

  /** A process is gone: the other sides hear that the connection closed, at times only after all that it had sent. */
  processGone(process: SimProcess): void {
    for (const link of this.#links.values()) {
      const ofReplica = link.process === process;
      if (!ofReplica && link.target.process !== process) continue;
      if (!link.wired || this.#world.random.chance(0.5)) this.cut(link);
      else this.closeFrom(link.id, ofReplica ? 'replica' : 'target');
    }
  }

  copy(copier: SimReplica, source: CopySource, request: CopyRequest, done: Done<CopyReply>): void {
    const world = this.#world;
    const { process } = copier;
    const way = () => world.delay(world.plan.copyMs);
    const answer: Done<CopyReply> = (reply) => {
      const sent = reply.ok ? bytesOf(encodeCopyReply(1, this.#altered(reply.value))) : undefined;
      world.scheduler.after(way(), () =>
        process.run(() => {
          if (sent === undefined) return copier.copied(reply, done);
          copier.copied({ ok: true, value: decodeCopyReply(lastingFrame(sent)).reply }, done);
        }),
      );
    };
    world.copying(request);
    const asked = bytesOf(encodeCopyRequest(1, request));
    world.scheduler.after(way(), () => {
      const from = world.replicas.find(({ store }) => store.identity.guid === source.address);
      const lost = !world.calm && world.random.chance(0.03);
      if (!from?.core || lost) return answer({ ok: false, message: 'no connection' });
      // A source that dies meanwhile never answers; its copier's edge gives up after a while.
      let answered = false;
      const once: Done<CopyReply> = (reply) => {
        if (!answered) answer(reply);
        answered = true;
      };
      world.scheduler.after(1_000, () => once({ ok: false, message: 'no answer in time' }));
      from.answerCopy(decodeCopyRequest(lastingFrame(asked)).request, once);
    });
  }

  /** Every process has heard of every lost link. */
  get allHeard(): boolean {
    return !this.#find((link) => {
      const targetWaits = link.targetOpen && link.target.alive;
      const replicaWaits = link.replicaOpen && link.process.alive;
      return !link.wired && (targetWaits || replicaWaits);
    });
  }

  #altered(reply: CopyReply): CopyReply {
    if (reply.type !== 'blocks' || this.corruptNext === 0) return reply;
    const index = reply.extents.findIndex(({ data }) => data !== undefined);
    const extent = reply.extents[index];
    if (!extent?.data) return reply;
    this.corruptNext -= 1;
    this.corrupted += 1;
    this.#world.reach.hit('corruptCopy');
    const [first = 0, ...others] = tagsIn(extent.data);
    const data = blocksFor([altered(first), ...others]);
    return { ...reply, extents: reply.extents.with(index, { ...extent, data }) };
  }

  #find(holds: (link: SimLink) => boolean): SimLink | undefined {
    for (const link of this.#links.values()) if (holds(link)) return link;
    return undefined;
  }

  #targetHears(link: SimLink): void {
    this.#readAll(link);
    if (!link.targetOpen) return;
    link.targetOpen = false;
    link.target.disconnected(link);
  }

  #replicaHears(link: SimLink): void {
    if (!link.replicaOpen) return;
    link.replicaOpen = false;
    link.replica.disconnected(link);
  }

  #deliver(link: SimLink, direction: 'up' | 'down', task: () => void): void {
    const { scheduler, reach } = this.#world;
    this.#sent += 1;
    const order = this.#sent;
    const delayMs = this.#world.delay(3) * link.replica.linkFactor;
    const at = Math.max(link.arrivesMs[direction], scheduler.nowMs + delayMs);
    link.arrivesMs[direction] = at;
    const process = direction === 'up' ? link.target.process : link.process;
    const listens = () => (direction === 'up' ? link.targetOpen : link.replicaOpen);
    scheduler.at(at, () => {
      if (!link.wired) return;
      const newest = this.#arrived.get(process) ?? 0;
      if (order < newest) reach.hit('reordered across links');
      else this.#arrived.set(process, order);
      process.run(() => {
        if (listens()) task();
      });
    });
  }
}

const pair = (target: SimTarget, replica: SimReplica): string =>
  `${target.name}/${replica.store.identity.guid}`;
