/**
 * The ConfigMap of OpenEBS's node disk manager (key `node-disk-manager.config`, YAML): which probes and filters are on,
 * and what the filters include and exclude.
 */
import { load } from 'js-yaml';
import { UsageError } from '../shared/exit-codes.ts';
import type { Filter, FilterConfig } from './checks.ts';

const on = (exclude: readonly string[], include: readonly string[] = []): Filter => ({
  enabled: true,
  include,
  exclude,
});

export const filterDefaults: FilterConfig = {
  osDisk: on(['/', '/etc/hosts', '/boot']),
  vendor: on(['CLOUDBYT', 'OpenEBS']),
  path: on([
    '/dev/loop',
    '/dev/fd0',
    '/dev/sr0',
    '/dev/ram',
    '/dev/zram',
    '/dev/md',
    '/dev/dm-',
    '/dev/rbd',
    '/dev/zd',
    '/dev/nbd',
  ]),
  readsContent: true,
};

/** Comma-separated; blanks around an entry do not count, an empty entry is none. */
const listOf = (value: unknown): readonly string[] =>
  typeof value === 'string'
    ? value
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '')
    : [];

/** YAML 1.1 and quoted booleans: `true`, `"true"`. */
const isOn = (value: unknown): boolean => value === undefined || value === true || value === 'true';

type Entry = Readonly<Record<string, unknown>>;
function entriesOf(document: unknown, field: string): readonly Entry[] {
  const list = (document as Entry | null)?.[field];
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list) || list.some((entry) => typeof entry !== 'object' || entry === null))
    throw new UsageError(`${field} is no list of objects: write it as - key: …`);
  return list as readonly Entry[];
}

/** Throws UsageError that names the field; filters that are not named keep their defaults. */
export function parseFilterConfig(yaml: string): FilterConfig {
  if (yaml.trim() === '') return filterDefaults;
  let document: unknown;
  try {
    document = load(yaml);
  } catch (error) {
    throw new UsageError(`node-disk-manager.config is no YAML: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (document === null) return filterDefaults;
  if (typeof document !== 'object')
    throw new UsageError('node-disk-manager.config is no object: begin with filterconfigs:');
  const filters = entriesOf(document, 'filterconfigs');
  const probes = entriesOf(document, 'probeconfigs');
  const filter = (key: string, fallback: Filter): Filter => {
    const entry = filters.find((candidate) => candidate['key'] === key);
    if (entry === undefined) return fallback;
    return {
      enabled: isOn(entry['state']),
      include: listOf(entry['include']),
      exclude: listOf(entry['exclude']),
    };
  };
  const blkid = probes.find(({ key }) => key === 'blkid-probe');
  return {
    osDisk: filter('os-disk-exclude-filter', filterDefaults.osDisk),
    vendor: filter('vendor-filter', filterDefaults.vendor),
    path: filter('path-filter', filterDefaults.path),
    readsContent: blkid === undefined || isOn(blkid['state']),
  };
}
