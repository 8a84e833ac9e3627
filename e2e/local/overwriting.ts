/**
 * A volume that is overwritten again and again by many requests at once, with reads between them that are compared: what
 * one replica gets wrong another one hides, so the log is looked at as well.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { must } from '../../src/shared/assert.ts';
import { prng, type Prng } from '../../src/shared/prng.ts';
import { openDisk, type Disk } from '../initiator/disk.ts';
import { identical, inFolder, startLocal } from './local-volume.ts';
import type { Check } from './suite.ts';

const blockBytes = 4096;
/** Half of the volume. */
const blocks = 32_768;
const workers = 16;
const blocksMax = 16;
const durationMs = 10_000;
const problemsMax = 5;
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

class Overwriting {
  readonly problems: string[] = [];
  requests = 0;
  readonly #disk: Disk;
  readonly #random: Prng;
  /** By block: which write was its last one; 0: none. */
  readonly #writes = new Uint32Array(blocks);
  /** By block: a request for it is under way. */
  readonly #isBusy = new Uint8Array(blocks);
  #lastWrite = 0;

  constructor(disk: Disk, random: Prng) {
    this.#disk = disk;
    this.#random = random;
  }

  async run(): Promise<void> {
    const endMs = performance.now() + durationMs;
    const work = async (): Promise<void> => {
      while (performance.now() < endMs && this.problems.length < problemsMax) await this.#request();
    };
    await Promise.all(Array.from({ length: workers }, work));
  }

  async readAll(): Promise<void> {
    const step = 64;
    for (let block = 0; block < blocks && this.problems.length < problemsMax; block += step)
      await this.#read(block, step);
  }

  async #request(): Promise<void> {
    const random = this.#random;
    const count = 1 + random.below(blocksMax);
    const block = random.below(blocks - count);
    if (this.#isBusy.subarray(block, block + count).includes(1)) return;
    this.#isBusy.fill(1, block, block + count);
    this.requests++;
    if (random.chance(0.6)) await this.#write(block, count);
    else await this.#read(block, count);
    this.#isBusy.fill(0, block, block + count);
  }

  async #write(block: number, count: number): Promise<void> {
    const write = ++this.#lastWrite;
    const data = Buffer.alloc(count * blockBytes);
    for (let i = 0; i < count; i++) fill(data, i, block + i, write);
    await this.#disk.write(block * blockBytes, data, { fua: this.#random.chance(0.1) });
    this.#writes.fill(write, block, block + count);
  }

  async #read(block: number, count: number): Promise<void> {
    const found = Buffer.from(await this.#disk.read(block * blockBytes, count * blockBytes));
    const due = Buffer.alloc(found.byteLength);
    for (let i = 0; i < count; i++) {
      const write = must(this.#writes[block + i], 'a block of the volume');
      if (write > 0) fill(due, i, block + i, write);
      const at = i * blockBytes;
      if (due.compare(found, at, at + blockBytes, at, at + blockBytes) !== 0)
        this.problems.push(`block ${block + i}: ${whatIs(found, at)} instead of write ${write}`);
    }
  }
}

/** Each sixteen bytes say what they are: block, write, offset. */
function fill(data: Buffer, index: number, block: number, write: number): void {
  for (let offset = 0; offset < blockBytes; offset += 16) {
    const at = index * blockBytes + offset;
    data.writeUInt32LE(block, at);
    data.writeUInt32LE(write, at + 4);
    data.writeUInt32LE(offset, at + 8);
    data.writeUInt32LE((block * 31 + write + offset) >>> 0, at + 12);
  }
}

const whatIs = (data: Buffer, at: number): string =>
  `block ${data.readUInt32LE(at)} of write ${data.readUInt32LE(at + 4)}`;

export const overwritten: Check = {
  name: `survives: a volume overwritten again and again, with ${workers} requests of up to 64 KiB under way`,
  timeoutMs: 240_000,
  run: () =>
    inFolder(async (folder) => {
      const local = await startLocal(folder, { size: '256M' });
      const disk = await openDisk({ portal: local.line.portal, target: local.line.iqn });
      const overwriting = new Overwriting(disk, prng(seed));
      await overwriting.run();
      await overwriting.readAll();
      assert.deepEqual(overwriting.problems, [], `seed ${seed}, after ${overwriting.requests} requests`);
      await disk.close();
      await identical(join(folder, 'd'));
      assert.equal(await local.stop(), 0);
      const wrong = readFileSync(local.logFile, 'utf8')
        .split('\n')
        .filter((line) => /"(the store failed|block repaired from another replica)"/.test(line));
      assert.equal(wrong.length, 0, `seed ${seed}: ${wrong.length} times, first ${wrong[0] ?? ''}`);
    }),
};
