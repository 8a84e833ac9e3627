/**
 * Several hostile sessions at once against a whole portal whose volume is slow and whose limits are tight, so that commands
 * wait for each other, are aborted while they wait, and meet resets of others. Afterwards the portal has to serve somebody
 * else, and to stop.
 */
import { setImmediate as turn } from 'node:timers/promises';
import {
  final,
  frame,
  Header,
  immediate,
  noTag,
  Reader,
  reply,
  textOf,
  type Pdu,
} from '../../../e2e/initiator/wire.ts';
import { silentLog } from '../../shared/log.ts';
import { prng, type Prng } from '../../shared/prng.ts';
import { MemoryVolume } from '../../target/memory-volume.ts';
import { Portal } from '../../target/server-portal.ts';
import { iqn } from '../scsi-rig.ts';
import { Breach } from './attacked-target.ts';
import { attackedSectors } from './hostile-commands.ts';
import { HostileInitiator } from './hostile-initiator.ts';
import { wirePair, type WirePair } from './wire-pair.ts';

/** Of the event loop, for one request of the volume. */
const turnsMax = 30;

/** Takes its time for everything. */
class SlowVolume extends MemoryVolume {
  readonly #random: Prng;
  constructor(random: Prng) {
    super(attackedSectors * 512);
    this.#random = random;
  }
  override async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    await this.#wait();
    return super.read(offsetBytes, lengthBytes);
  }
  override async write(offsetBytes: number, data: Uint8Array): Promise<void> {
    await this.#wait();
    return super.write(offsetBytes, data);
  }
  override async flush(): Promise<void> {
    await this.#wait();
    return super.flush();
  }
  async #wait(): Promise<void> {
    for (let turns = this.#random.below(turnsMax); turns > 0; turns--) await turn();
  }
}

class HostileSession {
  readonly initiator: HostileInitiator;
  readonly wire: WirePair;
  readonly #reader = new Reader();

  constructor(portal: Portal, random: Prng) {
    this.initiator = new HostileInitiator(random, 0.1);
    this.wire = wirePair((bytes) => this.#onBytes(bytes));
    portal.accept(this.wire.socket);
  }

  #onBytes(bytes: Uint8Array): void {
    for (const pdu of this.#reader.push(bytes)) {
      this.initiator.heard(pdu);
      // What follows the answer that ends a login has the digests it names.
      if (pdu.opcode === reply.login && this.initiator.loggedIn) this.#takeDigests(pdu);
    }
  }

  #takeDigests({ data }: Pdu): void {
    const text = Buffer.from(data).toString('latin1');
    const digests = {
      header: text.includes('HeaderDigest=CRC32C'),
      data: text.includes('DataDigest=CRC32C'),
    };
    this.#reader.digests = digests;
    this.initiator.digests = digests;
  }
}

const sessionsAtOnce = 3;
const settleTurnsMax = 20_000;

/** Answers how many PDUs were sent. Throws Breach; a broken invariant ends the process, or comes as an unhandled rejection. */
export async function portalAttack(seed: number): Promise<number> {
  const random = prng(seed);
  const limits = {
    runningBytesMax: random.pick([4096, 65_536, 64 << 20]),
    unsentBytesMax: random.pick([4096, 8 << 20]),
    commandsMax: random.pick([2, 16, 128]),
    logoutMsMax: 0,
    stopMsMax: 5_000,
  };
  const portal = new Portal({ volume: new SlowVolume(random), iqn, log: silentLog, limits });
  const sessions: HostileSession[] = [];
  const pdus = 20 + random.below(150);
  for (let sent = 0; sent < pdus; sent++) {
    const open = sessions.filter(({ wire }) => !wire.isOver);
    if (open.length < sessionsAtOnce) open.push(new HostileSession(portal, random));
    const session = random.pick(open);
    if (!sessions.includes(session)) sessions.push(session);
    session.wire.send(session.initiator.next());
    if (random.chance(0.02)) session.wire.setDeaf(random.chance(0.5));
    if (random.chance(0.01)) session.wire.cut();
    if (random.chance(0.2)) await turn();
  }
  for (const { wire } of sessions) if (random.chance(0.5)) wire.cut();
  await serveInnocent(portal);
  for (const { wire } of sessions) wire.cut();
  await portal.stop();
  if (portal.sessions().length > 0)
    throw new Breach(`${portal.sessions().length} sessions outlive the portal`);
  return pdus;
}

/** Somebody logs in, and two commands of it come back although others wait. */
async function serveInnocent(portal: Portal): Promise<void> {
  const reader = new Reader();
  const heard: number[] = [];
  const wire = wirePair((bytes) => {
    for (const { opcode } of reader.push(bytes)) heard.push(opcode);
  });
  portal.accept(wire.socket);
  const noDigests = { header: false, data: false };
  const say = (header: Header, data = new Uint8Array(0)) => wire.send(frame(header, data, noDigests));
  const keys = textOf({ InitiatorName: 'iqn.innocent:1', SessionType: 'Normal', TargetName: iqn });
  say(
    new Header(0x03 | immediate, final | (1 << 2) | 3).u32(8, 0x8000_0009).u32(16, 1).u32(24, 1),
    Uint8Array.from(keys),
  );
  say(new Header(0x00 | immediate, final).u32(16, 7).u32(20, noTag).u32(24, 1));
  const inquiry = new Header(0x01, final | 0x40 | 1).u32(16, 8).u32(20, 96).u32(24, 1);
  inquiry.bytes.set([0x12, 0, 0, 0, 96, 0], 32);
  say(inquiry);
  const due = [reply.login, reply.nopIn, reply.dataIn];
  for (let turns = 0; turns < settleTurnsMax; turns++) {
    if (due.every((opcode) => heard.includes(opcode))) return wire.cut();
    await turn();
  }
  throw new Breach(`somebody else heard ${heard.join(' ') || 'nothing'} only`);
}
