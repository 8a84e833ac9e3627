/** Loop devices of the host, through its losetup. */
import type { Commands } from './command.ts';

export interface LoopDevice {
  /** `/dev/loop3`. */
  readonly path: string;
  /** `MAJOR:MINOR` of the file system that holds the file behind it. */
  readonly fileSystem: string;
  readonly file: string;
}

interface Row {
  readonly name: string;
  readonly 'back-file': string | null;
  readonly 'back-maj:min': string | null;
}

/** Those that have a file. Devices of other nodes on one machine are not in this one's /dev and do not show. */
export async function listLoopDevices(host: Commands): Promise<readonly LoopDevice[]> {
  const text = await host.run(['losetup', '--list', '--json', '--output', 'NAME,BACK-FILE,BACK-MAJ:MIN']);
  if (text.trim() === '') return [];
  const { loopdevices } = JSON.parse(text) as { loopdevices: readonly Row[] };
  return loopdevices.flatMap((row) =>
    row['back-file'] === null
      ? []
      : [{ path: row.name, file: row['back-file'], fileSystem: (row['back-maj:min'] ?? '').trim() }],
  );
}

/**
 * A loop device over `file`, past the page cache: the initiator's flush must be the one that counts, and data must not
 * be kept twice.
 */
export async function attachLoop(host: Commands, file: string, readOnly: boolean): Promise<string> {
  const path = await host.run([
    'losetup',
    '--show',
    '--find',
    '--direct-io=on',
    ...(readOnly ? ['--read-only'] : []),
    file,
  ]);
  return path.trim();
}

/** The kernel does it when the last user goes; ask `listLoopDevices` whether it has. */
export const detachLoop = (host: Commands, path: string): Promise<string> =>
  host.run(['losetup', '--detach', path]);

/** After the file has grown. */
export const growLoop = (host: Commands, path: string): Promise<string> =>
  host.run(['losetup', '--set-capacity', path]);
