/** Block devices as the kernel shows them in /sys, in so far as they are in this node's /dev. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { numberOf } from '../../shared/mount-info.ts';
import type { DeviceFacts, DeviceType } from '../checks.ts';
import { readUdev, type UdevProperties } from './udev.ts';

/** Where things are; tests give copies. */
export interface Roots {
  readonly sys: string;
  readonly dev: string;
  /** /run/udev */
  readonly udev: string;
}
export const machine: Roots = { sys: '/sys', dev: '/dev', udev: '/run/udev' };

/** What the kernel and udev know without opening the device. */
export type KernelFacts = Omit<
  DeviceFacts,
  'linksById' | 'linksByPath' | 'mountPoints' | 'isSwap' | 'signature'
> & {
  /** Changes whenever another medium or file is behind the same name. */
  readonly generation: string;
  /** Writes since the device appeared: an equal number means unchanged content. */
  readonly writes: string;
};

const text = async (path: string): Promise<string> =>
  (await readFile(path, 'utf8').catch(() => '')).replaceAll('\0', ' ').trim();
const names = (path: string): Promise<string[]> => readdir(path).catch(() => []);
const number = async (path: string): Promise<number> => Number(await text(path)) || 0;

/** Disks and partitions. /sys is the machine's, /dev the node's: only what is in both, under one number, is here. */
export async function listKernelDevices(roots: Roots = machine): Promise<readonly KernelFacts[]> {
  const found: KernelFacts[] = [];
  for (const name of (await names(`${roots.sys}/block`)).toSorted()) {
    const folder = `${roots.sys}/block/${name}`;
    const disk = await readDevice(roots, name, folder, undefined);
    if (disk === undefined) continue;
    found.push(disk);
    for (const partition of disk.partitions) {
      const facts = await readDevice(roots, partition, `${folder}/${partition}`, disk);
      if (facts !== undefined) found.push(facts);
    }
  }
  return found;
}

async function readDevice(
  roots: Roots,
  name: string,
  folder: string,
  disk: KernelFacts | undefined,
): Promise<KernelFacts | undefined> {
  const deviceNumber = await text(`${folder}/dev`);
  const path = `${roots.dev}/${name.replaceAll('!', '/')}`;
  const node = await stat(path).catch(() => undefined);
  if (node === undefined || !node.isBlockDevice() || numberOf(node.rdev) !== deviceNumber) return undefined;
  const udev = await readUdev(roots.udev, deviceNumber);
  const dmUuid = await text(`${folder}/dm/uuid`);
  const queue = disk === undefined ? `${folder}/queue` : `${roots.sys}/block/${disk.name}/queue`;
  const rotational = await text(`${queue}/rotational`);
  return {
    name,
    path: `/dev/${name.replaceAll('!', '/')}`,
    number: deviceNumber,
    type: typeOf(name, dmUuid, disk !== undefined),
    sizeBytes: (await number(`${folder}/size`)) * 512,
    logicalSectorBytes: await number(`${queue}/logical_block_size`),
    physicalSectorBytes: await number(`${queue}/physical_block_size`),
    rotates: rotational === '' ? undefined : rotational === '1',
    readOnly: (await text(`${folder}/ro`)) === '1',
    ...(disk === undefined ? await readHardware(folder, udev) : hardwareOf(disk)),
    dmUuid,
    partitionUuid: disk === undefined ? '' : await partitionUuid(folder, udev),
    parent: disk?.name,
    partitions: await partitionsIn(folder),
    holders: (await names(`${folder}/holders`)).toSorted(),
    backingFile: await text(`${folder}/loop/backing_file`),
    generation: await text(`${folder}/diskseq`),
    writes: (await text(`${folder}/stat`)).split(/\s+/).slice(4, 7).join(' '),
  };
}

function typeOf(name: string, dmUuid: string, isPartition: boolean): DeviceType {
  if (isPartition) return 'partition';
  if (dmUuid.startsWith('LVM-')) return 'lvm';
  if (dmUuid.startsWith('CRYPT-')) return 'crypt';
  if (dmUuid.startsWith('mpath-')) return 'mpath';
  if (name.startsWith('dm-')) return 'dm';
  if (name.startsWith('loop')) return 'loop';
  if (name.startsWith('md')) return 'md';
  return /^(sr|fd|ram|zram|mtdblock|bcache)\d/.test(name) ? 'other' : 'disk';
}

async function partitionsIn(folder: string): Promise<readonly string[]> {
  const entries = await names(folder);
  const marks = await Promise.all(entries.map((entry) => text(`${folder}/${entry}/partition`)));
  return entries.filter((_, i) => marks[i] !== '').toSorted();
}

type Hardware = Pick<KernelFacts, 'vendor' | 'model' | 'serial' | 'wwn' | 'firmware'>;
const hardwareOf = ({ vendor, model, serial, wwn, firmware }: Hardware): Hardware => ({
  vendor,
  model,
  serial,
  wwn,
  firmware,
});

/** udev's words where it runs, since names are made of them; the kernel's own files otherwise. */
async function readHardware(folder: string, udev: UdevProperties): Promise<Hardware> {
  const device = `${folder}/device`;
  const first = (...values: readonly string[]) => values.find((value) => value !== '') ?? '';
  return {
    vendor: first(udev['ID_VENDOR'] ?? '', await text(`${device}/vendor`)),
    model: first(udev['ID_MODEL'] ?? '', (await text(`${device}/model`)).replaceAll(/\s+/g, '_')),
    serial: first(
      udev['ID_SERIAL_SHORT'] ?? '',
      await text(`${device}/serial`),
      await text(`${folder}/serial`),
      await unitSerial(`${device}/vpd_pg80`),
    ),
    wwn: first(
      udev['ID_WWN'] ?? '',
      worldWideName(await text(`${folder}/wwid`)),
      worldWideName(await text(`${device}/wwid`)),
    ),
    firmware: first(
      udev['ID_REVISION'] ?? '',
      await text(`${device}/firmware_rev`),
      await text(`${device}/rev`),
    ),
  };
}

/** `naa.5000c500a1b2c3d4…` as udev writes it; EUI-64 and NVMe names as they are; T10 texts are no such names. */
export function worldWideName(wwid: string): string {
  const [, digits] = /^naa\.([0-9a-f]{16})/i.exec(wwid) ?? [];
  if (digits !== undefined) return `0x${digits.toLowerCase()}`;
  return /^(eui|uuid|nvme)\./.test(wwid) ? wwid : '';
}

/** SCSI's page 0x80 (SPC-4, 7.8.15): four bytes of head, then ASCII. */
async function unitSerial(path: string): Promise<string> {
  const page = await readFile(path).catch(() => Buffer.alloc(0));
  return page.subarray(4).toString('latin1').replaceAll('\0', '').trim();
}

async function partitionUuid(folder: string, udev: UdevProperties): Promise<string> {
  const { ID_PART_ENTRY_UUID: known } = udev;
  if (known !== undefined) return known;
  return /^PARTUUID=(.+)$/m.exec(await text(`${folder}/uevent`))?.[1] ?? '';
}
