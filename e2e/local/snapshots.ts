/** `caskade local snapshot`: one instant on all replicas while writers go on, whoever was away meanwhile. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { login } from '../initiator/initiator.ts';
import { run } from '../shell.ts';
import { until } from '../until.ts';
import {
  caskade,
  command,
  healthy,
  identical,
  inFolder,
  restart,
  startLocal,
  type FirstLine,
} from './local-volume.ts';
import type { Check } from './suite.ts';

const blockBytes = 4096;
const writersCount = 4;
/** Blocks of one writer. */
const blocksEach = 64;

/** Writes 1, 2, 3, … to its blocks in turn, one at a time, and notes how far it is. */
class Writer {
  readonly index: number;
  issued = 0;
  acknowledged = 0;
  #stopped = false;
  readonly #done: Promise<void>;

  constructor(index: number, line: FirstLine) {
    this.index = index;
    this.#done = this.#run(line);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #run({ portal, iqn }: FirstLine): Promise<void> {
    const disk = await login({ portal, target: iqn });
    while (!this.#stopped) {
      const value = ++this.issued;
      const data = Buffer.alloc(blockBytes);
      data.writeUInt32LE(value);
      await disk.write(this.#blockOf(value) * blockBytes, data);
      this.acknowledged = value;
      await sleep(2);
    }
    await disk.logout();
  }

  #blockOf(value: number): number {
    return this.index * blocksEach + (value % blocksEach);
  }

  /** The last write that this content has; all before it have to be there as well, none after it. */
  prefixIn(content: Buffer): number {
    const values = Array.from({ length: blocksEach }, (_, i) =>
      content.readUInt32LE((this.index * blocksEach + i) * blockBytes),
    );
    const last = Math.max(...values);
    for (let value = Math.max(1, last - blocksEach + 1); value <= last; value++)
      assert.equal(
        values[value % blocksEach],
        value,
        `writer ${this.index}: up to ${last}, but not ${value}`,
      );
    return last;
  }
}

export const snapshot = (dir: string, verb: string, ...more: readonly string[]) =>
  command('local', 'snapshot', verb, '--dir', dir, ...more);

export async function succeeds(result: ReturnType<typeof command>): Promise<string> {
  const { status, stdout, stderr } = await result;
  assert.equal(status, 0, stderr);
  return stdout;
}

/** Takes one; answers between which writes of each writer it has to be. */
async function taken(dir: string, name: string, writers: readonly Writer[]) {
  const from = writers.map(({ acknowledged }) => acknowledged);
  await succeeds(snapshot(dir, 'create', name));
  return { name, from, to: writers.map(({ issued }) => issued) };
}

async function contentOf(dir: string, pool: string, name: string, folder: string): Promise<Buffer> {
  const file = join(folder, `${pool}-${name}`);
  const argv = ['local', 'read-replica', '--dir', dir, '--snapshot', name, '--out', file, pool];
  await run([...caskade, ...argv]);
  return readFileSync(file);
}

const sameEverywhere: Check = {
  name: 'local: snapshots under writers, a replica killed and the target restarted meanwhile, are one instant on all replicas',
  timeoutMs: 150_000,
  run: () =>
    inFolder(async (folder) => {
      const dir = join(folder, 'd');
      const { line } = await startLocal(folder, { size: '16M' });
      const start = () => Array.from({ length: writersCount }, (_, i) => new Writer(i, line));
      const first = start();
      const spans = [await taken(dir, 'all-there', first)];
      process.kill(line.pids.pools['pool-2'] ?? 0, 'SIGKILL');
      spans.push(await taken(dir, 'one-away', first), await taken(dir, 'deleted', first));
      await succeeds(snapshot(dir, 'delete', 'deleted'));
      spans.splice(2, 1);
      for (const writer of first) await writer.stop();
      // Another target has no window: what pool-2 missed is copied, the snapshots before the rest.
      await restart(dir, 'target');
      await until('the target serves', 30_000, () => answers(line));
      await fill(line, { [blocksEach * writersCount]: 7 });
      await restart(dir, 'pool-2');
      await succeeds(snapshot(dir, 'create', 'while-back'));
      await healthy(dir);
      await identical(dir);
      for (const { name, from, to } of spans) {
        const contents = await Promise.all(
          ['pool-1', 'pool-2', 'pool-3'].map((pool) => contentOf(dir, pool, name, folder)),
        );
        const [one = Buffer.alloc(0)] = contents;
        assert.ok(
          contents.every((content) => content.equals(one)),
          `replicas differ in ${name}`,
        );
        for (const writer of first) {
          const last = writer.prefixIn(one);
          const [least = 0, most = 0] = [from[writer.index], to[writer.index]];
          assert.ok(last >= least && last <= most, `${name}: ${last} is not in ${least} … ${most}`);
        }
      }
      await succeeds(command('local', 'verify', '--dir', dir, '--snapshot', 'while-back'));
      const list = JSON.parse(await succeeds(snapshot(dir, 'list', '--json'))) as {
        readonly snapshots: readonly { readonly name: string }[];
      };
      const names = list.snapshots.map(({ name }) => name);
      assert.deepEqual(names, ['all-there', 'one-away', 'while-back']);
    }),
};

interface CloneLine {
  readonly portal: string;
  readonly iqn: string;
}

/** What block n of a disk is filled with. */
async function fillsOf({ portal, iqn }: CloneLine, blocks: readonly number[]): Promise<number[]> {
  const disk = await login({ portal, target: iqn });
  const fills: number[] = [];
  for (const block of blocks) fills.push((await disk.read(block * blockBytes, blockBytes))[0] ?? -1);
  await disk.logout();
  return fills;
}

/** Whether one can log in; else why not. */
async function answers({ portal, iqn }: CloneLine): Promise<object | string> {
  try {
    const disk = await login({ portal, target: iqn });
    await disk.logout();
    return {};
  } catch (error) {
    return String(error);
  }
}

async function fill({ portal, iqn }: CloneLine, fills: Readonly<Record<number, number>>): Promise<void> {
  const disk = await login({ portal, target: iqn });
  for (const [block, value] of Object.entries(fills))
    await disk.write(Number(block) * blockBytes, Buffer.alloc(blockBytes, value));
  await disk.flush();
  await disk.logout();
}

const clonedAndReverted: Check = {
  name: 'local: a clone begins as the snapshot and goes its own way, over restarts; a revert brings the snapshot back',
  timeoutMs: 150_000,
  run: () =>
    inFolder(async (folder) => {
      const dir = join(folder, 'd');
      const served = await startLocal(folder, { size: '16M' });
      const { line } = served;
      await fill(line, { 1: 1, 2: 2 });
      await succeeds(snapshot(dir, 'create', 'a'));
      assert.equal((await snapshot(dir, 'create', 'a')).status, 1);
      await fill(line, { 2: 9, 3: 3 });
      await succeeds(snapshot(dir, 'create', 'b'));
      const cloned = await succeeds(snapshot(dir, 'clone', 'a', '--listen', '127.0.0.1:0'));
      const clone = JSON.parse(cloned) as CloneLine;
      assert.deepEqual(await fillsOf(clone, [1, 2, 3]), [1, 2, 0]);
      await fill(clone, { 1: 5 });

      const disk = await login({ portal: line.portal, target: line.iqn });
      const refused = await snapshot(dir, 'revert', 'b');
      assert.ok(refused.status === 1 && refused.stderr.includes('log out'), refused.stderr);
      await disk.logout();
      const newer = await snapshot(dir, 'revert', 'a');
      assert.ok(newer.status === 1 && newer.stderr.includes('later snapshots'), newer.stderr);
      await succeeds(snapshot(dir, 'revert', 'a', '--remove-newer'));
      assert.deepEqual(await fillsOf(line, [1, 2, 3]), [1, 2, 0]);
      await identical(dir);
      await fill(line, { 3: 8 });

      assert.equal(await served.stop(), 0);
      const again = await startLocal(folder, { size: '16M' });
      await healthy(dir);
      assert.deepEqual(await fillsOf(again.line, [1, 2, 3]), [1, 2, 8]);
      await until('the clone serves', 30_000, () => answers(clone));
      assert.deepEqual(await fillsOf(clone, [1, 2, 3]), [5, 2, 0]);
      await succeeds(snapshot(dir, 'remove-clone', 'clone-1'));
      assert.ok(typeof (await answers(clone)) === 'string', 'nothing answers for a clone that is gone');
      assert.equal((await snapshot(dir, 'remove-clone', 'clone-1')).status, 2);
    }),
};

export const snapshotChecks: readonly Check[] = [sameEverywhere, clonedAndReverted];
