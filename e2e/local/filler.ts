/** Writes a volume block by block until it takes no more, notes what each status says, and knows what must be read. */
import assert from 'node:assert/strict';
import { unitAttention, u16, u32, u64, type Answer, type Initiator } from '../initiator/initiator.ts';
import { blockBytes, makeBlock } from '../initiator/pattern.ts';
import type { WriteRecord } from '../initiator/record.ts';
import { verify } from '../initiator/verifier.ts';

const sectorsPerBlock = blockBytes / 512;
const blocksPerWrite = 16;
const writesAtOnce = 8;
const attentionsMax = 8;

const logSense = (page: number) => Uint8Array.of(0x4d, 0, 0x40 | page, 0, 0, 0, 0, ...u16(16), 0);
const provisioningPage = 0x0c;

export class Filler {
  readonly disk: Initiator;
  readonly record: WriteRecord;
  /** Codes of unit attentions during writes. */
  readonly attentions: number[] = [];
  /** Blocks that the last `fill` wrote, and had written when a unit attention came. */
  taken = 0;
  takenAtWarning = 0;
  #sequence: number;

  /** `record`: of what was written before. */
  constructor(disk: Initiator, blocks: number, record?: WriteRecord) {
    const none = () => Array.from({ length: blocks }, () => 0);
    this.disk = disk;
    this.record = record ?? {
      seed: 6,
      firstBlock: 0,
      blocks,
      flushed: none(),
      acknowledged: none(),
      sent: none(),
      unmapped: none(),
      lossesTold: 0,
    };
    this.#sequence = Math.max(...this.record.sent);
  }

  /** Writes these blocks anew, in order; answers the sense of the first write that is refused, or undefined. */
  async fill(first: number, count: number): Promise<string | undefined> {
    const sequence = ++this.#sequence;
    this.taken = this.takenAtWarning = 0;
    let at = first;
    let refused: string | undefined;
    const work = async () => {
      while (refused === undefined && at < first + count) {
        const block = at;
        at = Math.min(block + blocksPerWrite, first + count);
        const answer = await this.#write(block, at - block, sequence);
        refused ??= answer;
      }
    };
    await Promise.all(Array.from({ length: writesAtOnce }, work));
    return refused;
  }

  async #write(block: number, count: number, sequence: number): Promise<string | undefined> {
    const data = Buffer.concat(Array.from({ length: count }, (_, i) => makeBlock(6, block + i, sequence)));
    const sectors = count * sectorsPerBlock;
    const cdb = [0x8a, 0, ...u64(block * sectorsPerBlock), ...u32(sectors), 0, 0];
    const outcome = await this.#ask(cdb, data);
    if (outcome !== 'good') return outcome;
    this.#note(block, count, sequence);
    this.taken += count;
    return undefined;
  }

  #note(block: number, count: number, sequence: number): void {
    for (const list of [this.record.sent, this.record.acknowledged, this.record.flushed])
      list.fill(sequence, block, block + count);
  }

  /** `good`, or sense key and code; after unit attentions, which are noted. */
  async #ask(cdb: readonly number[], out?: Uint8Array): Promise<string> {
    for (let attempt = 0; attempt < attentionsMax; attempt++) {
      const { status, sense } = await this.disk.command(Uint8Array.from(cdb), out && { out });
      if (status === 0) return 'good';
      if (sense === undefined) return `status ${status}`;
      if (sense.key !== unitAttention) return `${sense.key}/${sense.code.toString(16)}`;
      this.attentions.push(sense.code);
      this.takenAtWarning = this.taken;
    }
    throw new Error(`one unit attention after the other: ${this.attentions.join(' ')}`);
  }

  async unmap(first: number, count: number): Promise<void> {
    const sequence = ++this.#sequence;
    await this.disk.unmap(first * blockBytes, count * blockBytes);
    this.record.unmapped.fill(sequence, first, first + count);
    this.#note(first, count, sequence);
  }

  /** WRITE SAME of a pattern, COMPARE AND WRITE, WRITE SAME of zeros, each of the last block, which is then unmapped. */
  async otherWrites() {
    const block = this.record.blocks - 1;
    const lba = u64(block * sectorsPerBlock);
    const stored = await this.disk.read(block * blockBytes, blockBytes);
    const changed = Uint8Array.from(stored, (byte) => byte ^ 0xff);
    const same = (sector: Uint8Array) =>
      this.#ask([0x93, 0, ...lba, ...u32(sectorsPerBlock), 0, 0], sector.subarray(0, 512));
    const compare = [0x89, 0, ...lba, 0, 0, 0, sectorsPerBlock, 0, 0];
    const outcomes = {
      writeSame: await same(changed),
      compareAndWrite: await this.#ask(compare, Buffer.concat([stored, changed])),
      zeros: await same(new Uint8Array(512)),
    };
    const sequence = ++this.#sequence;
    this.record.unmapped[block] = sequence;
    this.#note(block, 1, sequence);
    return outcomes;
  }

  /** What log page 0C says of the room, in MiB. */
  async roomMiB(): Promise<number> {
    const answer: Answer = await this.disk.command(logSense(provisioningPage), { in: 16 });
    assert.equal(answer.status, 0);
    return Buffer.from(answer.data).readUInt32BE(8);
  }

  /** All of the volume is read, and is what the statuses of its writes said. */
  async compare(): Promise<void> {
    const { problems, problemCount } = await verify(this);
    assert.deepEqual(problems.slice(0, 5), [], `${problemCount} blocks`);
  }
}
