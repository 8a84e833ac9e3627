/** All probes together: what block devices this node has. Opens devices for reading only. */
import type { DeviceFacts } from '../checks.ts';
import type { ContentReader } from './content.ts';
import { listSparseFiles } from './sparse.ts';
import { listKernelDevices, machine, type Roots } from './sysfs.ts';
import { mountPointsOf, readLinks, readMounts, readSwaps } from './use.ts';

export interface MachineOptions {
  readonly content: ContentReader;
  /** Whose mounts are the host's: 1 with hostPID. */
  readonly hostPid: number | 'self';
  readonly sparseFolder: string | undefined;
  readonly roots?: Roots;
  /** Which devices are read for what is on them; the others are left out anyway. */
  readonly isWanted: (facts: DeviceFacts, all: readonly DeviceFacts[]) => boolean;
}

export async function probeMachine(options: MachineOptions): Promise<readonly DeviceFacts[]> {
  const { content, hostPid, sparseFolder, roots = machine, isWanted } = options;
  const [kernel, mounts, swaps, byId, byPath, sparse] = await Promise.all([
    listKernelDevices(roots),
    readMounts(hostPid),
    readSwaps(),
    readLinks(roots.dev, 'by-id'),
    readLinks(roots.dev, 'by-path'),
    sparseFolder === undefined ? [] : listSparseFiles(sparseFolder),
  ]);
  const disks = kernel.map(({ generation, writes, ...facts }) => ({
    version: `${facts.number} ${generation} ${writes}`,
    facts: {
      ...facts,
      linksById: byId.get(facts.name) ?? [],
      linksByPath: byPath.get(facts.name) ?? [],
      mountPoints: mountPointsOf(mounts, { number: facts.number ?? '', path: facts.path }),
      isSwap: swaps.has(facts.path),
      signature: undefined,
    },
  }));
  const files = sparse.map(({ version, ...facts }) => ({
    version,
    facts: { ...facts, signature: undefined },
  }));
  const found: readonly { version: string; facts: DeviceFacts }[] = [...disks, ...files];
  const all = found.map(({ facts }) => facts);
  content.keepOnly(new Set(all.map(({ path }) => path)));
  const read: DeviceFacts[] = [];
  for (const { facts, version } of found)
    read.push(
      isWanted(facts, all)
        ? {
            ...facts,
            signature: await content.read({ path: facts.path, sizeBytes: facts.sizeBytes, version }),
          }
        : facts,
    );
  return read;
}
