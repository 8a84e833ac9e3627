/** Who uses devices, and what other names they have. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseMountInfo, type MountEntry } from '../../shared/mount-info.ts';

/** Mounts of the host: `pid` is 1 with hostPID, whose mount namespace is the host's. */
export async function readMounts(pid: number | 'self'): Promise<readonly MountEntry[]> {
  return parseMountInfo(await readFile(`/proc/${pid}/mountinfo`, 'utf8'));
}

/** Paths of swap devices. */
export async function readSwaps(): Promise<ReadonlySet<string>> {
  const lines = (await readFile('/proc/swaps', 'utf8').catch(() => '')).split('\n').slice(1);
  return new Set(lines.map((line) => line.split(/\s+/)[0] ?? '').filter((path) => path !== ''));
}

/** Where a device is mounted, the root folder first: by number, or by path where the file system has a number of its own (btrfs). */
export function mountPointsOf(
  mounts: readonly MountEntry[],
  device: { readonly number: string; readonly path: string },
): readonly string[] {
  const points = mounts
    .filter(({ number, source }) => number === device.number || source === device.path)
    .map(({ point }) => point);
  return [...new Set(points)].toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1));
}

/** Kernel name → links in `<dev>/disk/<kind>`. */
export async function readLinks(
  dev: string,
  kind: 'by-id' | 'by-path',
): Promise<ReadonlyMap<string, readonly string[]>> {
  const folder = `${dev}/disk/${kind}`;
  const links = new Map<string, string[]>();
  for (const name of await listSorted(folder)) {
    const target = basename(await readlink(`${folder}/${name}`).catch(() => ''));
    if (target !== '') links.set(target, [...(links.get(target) ?? []), `/dev/disk/${kind}/${name}`]);
  }
  return links;
}

const listSorted = async (folder: string): Promise<readonly string[]> => {
  const names: string[] = await readdir(folder).catch(() => []);
  return names.toSorted();
};
