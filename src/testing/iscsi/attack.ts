/** One attack: a target, a session that is hostile, one beside it that is not, and whether both got what they are due. */
import { final, frame, Header, immediate, noTag, reply, textOf } from '../../../e2e/initiator/wire.ts';
import { prng, type Prng } from '../../shared/prng.ts';
import type { Crc32c } from '../../target/iscsi/digest.ts';
import { iqn } from '../scsi-rig.ts';
import { AttackedTarget, Breach, type AttackedConnection } from './attacked-target.ts';
import { HostileInitiator } from './hostile-initiator.ts';

export interface AttackReport {
  readonly pdus: number;
  readonly loggedIn: boolean;
  /** What the hostile session sent, in the pieces it came in. */
  readonly chunks: readonly Uint8Array[];
}

/** An attack that was not stood. `chunks` are the fixture to keep. */
export class AttackError extends Error {
  override readonly name = 'AttackError';
  readonly chunks: readonly Uint8Array[];
  constructor(seed: number, chunks: readonly Uint8Array[], cause: unknown) {
    super(`seed ${seed}, after ${chunks.length} pieces: ${String(cause)}`, { cause });
    this.chunks = chunks;
  }
}

const pdusMax = 120;

export async function attack(seed: number, crc32c: Crc32c): Promise<AttackReport> {
  const random = prng(seed);
  const target = new AttackedTarget(crc32c);
  const innocent = await Innocent.enter(target.connect());
  const initiator = new HostileInitiator(random);
  const connection = target.connect();
  const chunks: Uint8Array[] = [];
  let pdus = 0;
  try {
    for (const limit = 1 + random.below(pdusMax); pdus < limit && connection.closed === undefined; pdus++)
      for (const chunk of split(initiator.next(), random)) {
        chunks.push(Uint8Array.from(chunk));
        for (const pdu of await connection.receive(chunk)) initiator.heard(pdu);
        initiator.digests = connection.digests;
      }
    connection.end();
    await innocent.check();
  } catch (error) {
    throw new AttackError(seed, chunks, error);
  }
  return { pdus, loggedIn: initiator.loggedIn, chunks };
}

/** The same bytes again, for fixtures. */
export async function replay(chunks: readonly Uint8Array[], crc32c: Crc32c): Promise<void> {
  const target = new AttackedTarget(crc32c);
  const innocent = await Innocent.enter(target.connect());
  const connection = target.connect();
  for (const chunk of chunks) await connection.receive(chunk);
  connection.end();
  await innocent.check();
}

function split(bytes: Uint8Array, random: Prng): readonly Uint8Array[] {
  if (!random.chance(0.1) || bytes.byteLength < 2) return [bytes];
  const at = 1 + random.below(bytes.byteLength - 1);
  return [bytes.subarray(0, at), bytes.subarray(at)];
}

/** Somebody who only wants to know, before and after, whether the unit is there. */
class Innocent {
  readonly #connection: AttackedConnection;
  #cmdSn = 1;

  constructor(connection: AttackedConnection) {
    this.#connection = connection;
  }

  static async enter(connection: AttackedConnection): Promise<Innocent> {
    const keys = textOf({ InitiatorName: 'iqn.innocent:1', SessionType: 'Normal', TargetName: iqn });
    const login = new Header(0x03 | immediate, final | (1 << 2) | 3)
      .u32(8, 0x8000_0009)
      .u32(16, 1)
      .u32(24, 1);
    await connection.receive(frame(login, keys, connection.digests));
    if (connection.nexus === undefined) throw new Breach('the innocent session was not let in');
    return new Innocent(connection);
  }

  /** A ping comes back, INQUIRY is answered whatever is reserved; unless a cold reset has ended this session too. */
  async check(): Promise<void> {
    if (this.#connection.closed !== undefined) return;
    const ping = new Header(0x00 | immediate, final).u32(16, 7).u32(20, noTag).u32(24, this.#cmdSn);
    const inquiry = new Header(0x01, final | 0x40 | 1).u32(16, 8).u32(20, 96).u32(24, this.#cmdSn);
    inquiry.bytes.set([0x12, 0, 0, 0, 96, 0], 32);
    const said = [
      ...(await this.#connection.receive(frame(ping, new Uint8Array(0), this.#connection.digests))),
      ...(await this.#connection.receive(frame(inquiry, new Uint8Array(0), this.#connection.digests))),
    ];
    const opcodes = said.map(({ opcode }) => opcode);
    if (!opcodes.includes(reply.nopIn) || !opcodes.includes(reply.dataIn))
      throw new Breach(`the innocent session heard ${opcodes.join(' ') || 'nothing'}`);
  }
}
