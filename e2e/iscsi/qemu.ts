/** QEMU's own initiator on a portal: its tools, and what they are given. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../shell.ts';
import type { Portal } from './portal.ts';

/** A block device of QEMU on the portal. */
export const qemuDisk = (portal: Portal, more = '') =>
  `driver=raw,size=${16 << 20},file.driver=iscsi,file.transport=tcp,file.portal=${portal.address},file.target=${portal.iqn},` +
  `file.lun=${portal.lun},file.initiator-name=iqn.2016-09.com.openebs.csi:qemu${more}`;

export async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'caskade-iscsi-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Random data there and back by qemu-img, compared by qemu-img. */
export const qemuRoundTrip = (portal: Portal, more = '') =>
  inFolder(async (folder) => {
    const image = join(folder, 'random.img');
    await writeFile(image, randomBytes(16 << 20));
    const source = `driver=raw,file.driver=file,file.filename=${image}`;
    const target = qemuDisk(portal, more);
    await run(['qemu-img', 'convert', '-n', '--image-opts', '--target-image-opts', source, target]);
    await run(['qemu-img', 'compare', '--image-opts', source, target]);
  });

export const qemuIo = async (portal: Portal, ...commands: readonly string[]) => {
  const stdout = await run([
    'qemu-io',
    '--image-opts',
    ...commands.flatMap((command) => ['-c', command]),
    qemuDisk(portal, ',discard=unmap,file.discard=unmap'),
  ]);
  assert.doesNotMatch(stdout, /failed|error/i);
};
