/** The kernel's list of mounts: /proc/<pid>/mountinfo (man 5 proc). */
export interface MountEntry {
  /** `MAJOR:MINOR` of the mounted file system: of its block device, or `0:N` where it has none. */
  readonly number: string;
  /** Which part of that file system is mounted: `/`, or what was bound. */
  readonly root: string;
  /** Where. */
  readonly point: string;
  /** Of this mount: `ro`, `rw`, `noatime`, … */
  readonly options: readonly string[];
  readonly fsType: string;
  readonly source: string;
  /** Of the file system: `ro` here and not above means that it has been shut against writing. */
  readonly superOptions: readonly string[];
}

/** Blanks, tabs, newlines and backslashes are written as three octal digits. */
const unescape = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

/** In the order of mounting; of two entries with one `point` the later hides the earlier. Malformed lines are left out. */
export function parseMountInfo(text: string): readonly MountEntry[] {
  return text.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , number, root, point, options] = before.split(' ');
    const [fsType, source, superOptions] = after.split(' ');
    if (number === undefined || root === undefined || point === undefined || fsType === undefined) return [];
    return [
      {
        number,
        root: unescape(root),
        point: unescape(point),
        options: (options ?? '').split(','),
        fsType,
        source: unescape(source ?? ''),
        superOptions: (superOptions ?? '').split(','),
      },
    ];
  });
}

/** What is visible at `point`, if it is a mount point. */
export const mountAt = (mounts: readonly MountEntry[], point: string): MountEntry | undefined =>
  mounts.findLast((mount) => mount.point === point);

/**
 * A device number from stat (`st_rdev`) as `MAJOR:MINOR`: glibc's makedev taken apart, where minor numbers above 255 are
 * split around the major one.
 */
export const numberOf = (device: number): string => {
  const n = BigInt(device);
  const major = ((n >> 8n) & 0xfffn) | ((n >> 32n) & 0xfffff000n);
  const minor = (n & 0xffn) | ((n >> 12n) & 0xffffff00n);
  return `${major}:${minor}`;
};
