/** The kernel's iSCSI sessions and their disks, as /sys shows them. */
import { readdir, readFile } from 'node:fs/promises';

export interface IscsiSession {
  /** `session3`. */
  readonly name: string;
  readonly iqn: string;
  readonly initiator: string;
  /** LOGGED_IN, FAILED or FREE. */
  readonly state: string;
  /** LUN → kernel name of its disk. */
  readonly disks: ReadonlyMap<number, string>;
}

const read = async (path: string): Promise<string> => (await readFile(path, 'utf8').catch(() => '')).trim();
const list = (path: string): Promise<string[]> => readdir(path).catch(() => []);

/** `sys` is /sys, or a copy of it in a test. */
export async function listIscsiSessions(sys = '/sys'): Promise<readonly IscsiSession[]> {
  const folder = `${sys}/class/iscsi_session`;
  return Promise.all(
    (await list(folder)).toSorted().map(async (name) => ({
      name,
      iqn: await read(`${folder}/${name}/targetname`),
      initiator: await read(`${folder}/${name}/initiatorname`),
      state: await read(`${folder}/${name}/state`),
      disks: await disksOf(`${folder}/${name}/device`),
    })),
  );
}

/** `…/device/target2:0:0/2:0:0:0/block/sdb`: host, channel, target, LUN. */
async function disksOf(device: string): Promise<ReadonlyMap<number, string>> {
  const disks = new Map<number, string>();
  for (const target of (await list(device)).filter((name) => name.startsWith('target')))
    for (const unit of (await list(`${device}/${target}`)).filter((name) => /^\d+:\d+:\d+:\d+$/.test(name))) {
      const [disk] = await list(`${device}/${target}/${unit}/block`);
      if (disk !== undefined) disks.set(Number(unit.split(':')[3]), disk);
    }
  return disks;
}
