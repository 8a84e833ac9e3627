/**
 * The host's dm-multipath over the disk of a volume. Where multipathd is let it takes every disk it knows no reason against,
 * and then only its map can be opened.
 */
import { readdir, readFile } from 'node:fs/promises';
import type { Commands } from './command.ts';
import { until } from './until.ts';

export interface MultipathMap {
  readonly devicePath: string;
  /** As `multipath` knows it. */
  readonly name: string;
}

/** The map that holds `disk` (`sdb`). `sys` is /sys, or a copy of it in a test. */
export async function mapOf(disk: string, sys: string): Promise<MultipathMap | undefined> {
  for (const holder of await readdir(`${sys}/block/${disk}/holders`).catch(() => [])) {
    const told = (what: string) =>
      readFile(`${sys}/block/${holder}/dm/${what}`, 'utf8').then(
        (text) => text.trim(),
        () => '',
      );
    if ((await told('uuid')).startsWith('mpath-'))
      return { devicePath: `/dev/${holder}`, name: await told('name') };
  }
  return undefined;
}

/** Waits for the map of a new disk, if multipathd wants it (its blacklist and find_multipaths decide). */
export async function awaitMap(host: Commands, disk: string, sys: string): Promise<MultipathMap | undefined> {
  const script = 'pidof multipathd > /dev/null && multipath -c "/dev/$1"';
  const { status } = await host.tryRun(['sh', '-c', script, 'caskade-multipath', disk]);
  if (status !== 0) return mapOf(disk, sys);
  const what = `multipathd, which claims /dev/${disk}, has made its map (or add vendor CASKADE to its blacklist)`;
  return until(what, { timeoutMs: 20_000, everyMs: 200 }, () => mapOf(disk, sys));
}

/** Takes the map away, so that nothing waits for its last path for ever. Throws CommandError while it is in use. */
export async function removeMap(host: Commands, { name }: MultipathMap): Promise<void> {
  await host.run(['multipath', '-f', name]);
}

/** After its paths have grown. */
export async function growMap(host: Commands, { name }: MultipathMap): Promise<void> {
  await host.run(['multipathd', 'resize', 'map', name]);
}
