/**
 * `make demo-local`: the story of `make demo` without Kubernetes and without root: three pools and a target as processes,
 * a user-space iSCSI initiator, faults while writing, and proof on every replica.
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDisk, type Disk } from '../initiator/disk.ts';
import { verify, type VerifyReport } from '../initiator/verifier.ts';
import { startWriter, type Writer } from '../initiator/writer.ts';
import { caskade, endAll, healthy, identical, restart, startLocal } from '../local/local-volume.ts';
import { run } from '../shell.ts';
import { Story } from './story.ts';

/** The volume's first part carries a file system with files, the rest is the writer's. */
const fileSystemBytes = 32 * 2 ** 20;
const writerBlocks = 8_192;
const volumeSize = '128M';
const transferBytes = 2 ** 18;
const story = new Story();
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

/** An ext4 image with eight files of random bytes, and their checksums by name. */
async function makeFileSystem(folder: string): Promise<{ image: string; sums: ReadonlyMap<string, string> }> {
  const files = join(folder, 'files');
  await mkdir(files);
  const sums = new Map<string, string>();
  for (let i = 1; i <= 8; i++) {
    const bytes = crypto.getRandomValues(Buffer.alloc(65_536));
    await writeFile(join(files, `file-${i}`), bytes);
    sums.set(`file-${i}`, sha256(bytes));
  }
  const image = join(folder, 'fs.img');
  await run(['mkfs.ext4', '-q', '-d', files, image, `${fileSystemBytes / 1024}k`]);
  return { image, sums };
}

/** Throws unless the ext4 image in `file` is clean and holds exactly these files. */
async function checkFileSystem(
  file: string,
  sums: ReadonlyMap<string, string>,
  folder: string,
): Promise<void> {
  const copy = join(folder, 'check.img');
  const out = join(folder, 'check');
  await run(['dd', `if=${file}`, `of=${copy}`, 'bs=1M', `count=${fileSystemBytes / 2 ** 20}`, 'status=none']);
  await run(['e2fsck', '-fn', copy]);
  await mkdir(out);
  await run(['debugfs', '-R', `rdump / ${out}`, copy]);
  const found = (await readdir(out)).filter((name) => name !== 'lost+found');
  for (const name of new Set([...found, ...sums.keys()]))
    if (sha256(await readFile(join(out, name))) !== sums.get(name))
      throw new Error(`${name} in ${file} is not what was written`);
  await rm(copy);
  await rm(out, { recursive: true });
}

async function moreWrites(writer: Writer, count = 400): Promise<void> {
  const failed = writer.failed.then((error) => Promise.reject(error));
  await Promise.race([writer.acknowledgedAtLeast(writer.progress.acknowledged + count), failed]);
}

function orThrow(report: VerifyReport): void {
  if (!report.ok)
    throw new Error(`${report.problemCount} blocks are wrong (seed ${seed}): ${report.problems[0]?.text}`);
}

async function tell(folder: string): Promise<void> {
  const dir = join(folder, 'd');
  let disk: Disk | undefined;
  const local = await (async () => {
    let served: Awaited<ReturnType<typeof startLocal>> | undefined;
    await story.chapter('caskade local serves a volume with three replicas over iSCSI', async () => {
      served = await startLocal(folder, { size: volumeSize });
      return `${served.line.portal} ${served.line.iqn}`;
    });
    if (served === undefined) throw new Error('it did not serve');
    return served;
  })();
  const { portal, iqn, pids } = local.line;
  const { image, sums } = await makeFileSystem(folder);
  await story.chapter('a file system with eight files is written through the target', async () => {
    disk = await openDisk({ portal, target: iqn, recoverMsMax: 60_000 });
    const bytes = await readFile(image);
    for (let at = 0; at < bytes.byteLength; at += transferBytes)
      await disk.write(at, bytes.subarray(at, at + transferBytes));
    await disk.flush();
    return `${bytes.byteLength / 2 ** 20} MiB, flushed`;
  });
  if (disk === undefined) return;
  const firstBlock = fileSystemBytes / 4096;
  const writer = startWriter({ disk, seed, firstBlock, blocks: writerBlocks, writesPerSecondMax: 1_000 });
  await moreWrites(writer);

  await story.chapter('a pool daemon is killed (kill -9) while writing: the writes go on', async () => {
    process.kill(pids.pools['pool-2'] ?? 0, 'SIGKILL');
    await moreWrites(writer, 1_000);
    return `pool-2; longest stall ${seconds(writer.progress.longestStallMs)}`;
  });
  await story.chapter('it comes back and rebuilds what it missed', async () => {
    await restart(dir, 'pool-2');
    const { replicas } = await healthy(dir);
    return `${replicas.length} of ${replicas.length} replicas Healthy`;
  });
  await story.chapter('the target is killed while writing: the initiator goes on within 20 s', async () => {
    process.kill(pids.target, 'SIGKILL');
    await restart(dir, 'target');
    const startMs = performance.now();
    await moreWrites(writer);
    const ms = performance.now() - startMs;
    if (ms > 20_000) throw new Error(`it took ${seconds(ms)}`);
    await healthy(dir);
    return `writes went on after ${seconds(ms)}`;
  });
  await story.chapter('every checksum is right, read through the target', async () => {
    const record = await writer.stop();
    orThrow(await verify({ disk: must(disk), record }));
    const parts: Uint8Array[] = [];
    for (let at = 0; at < fileSystemBytes; at += transferBytes)
      parts.push(await must(disk).read(at, transferBytes));
    await writeFile(join(folder, 'read.img'), Buffer.concat(parts));
    await checkFileSystem(join(folder, 'read.img'), sums, folder);
    return `8 files, ${writer.progress.acknowledged} writes`;
  });
  await must(disk).close();
  await story.chapter('every byte is the same on each replica, and every file is right in each', async () => {
    const digest = await identical(dir);
    for (const pool of Object.keys(pids.pools)) {
      const dump = join(folder, `${pool}.img`);
      await run([...caskade, 'local', 'read-replica', '--dir', dir, pool, '--out', dump]);
      await checkFileSystem(dump, sums, folder);
      await rm(dump);
    }
    return `3 replicas, sha256 ${digest.slice(0, 12)}…, each checked by e2fsck and file by file`;
  });
  await story.chapter('SIGTERM stops all of it cleanly', async () => {
    const status = await local.stop();
    if (status !== 0) throw new Error(`exit status ${status}`);
    return 'exit status 0';
  });
}
const must = (disk: Disk | undefined): Disk => {
  if (disk === undefined) throw new Error('no disk');
  return disk;
};

const folder = await mkdtemp(join(tmpdir(), 'caskade-demo-'));
try {
  await tell(folder);
} catch (error) {
  // The story has said what was not as promised; anything else is a mistake of the demo.
  if (story.kept) throw error;
} finally {
  await endAll();
  await rm(folder, { recursive: true });
}
console.log(`\n${story.table()}`);
if (story.kept)
  console.log(
    '\nTry it yourself: bin/caskade local --dir /tmp/volume --replicas 3 --size 1G --listen 127.0.0.1:3260',
  );
// A disk that was open when a promise broke would log in again for a minute.
process.exit(story.kept ? 0 : 1);
