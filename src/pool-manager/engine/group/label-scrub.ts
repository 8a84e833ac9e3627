/**
 * Headers of labels are scrubbed as data is: all copies of all devices in use are read, and one that rotted, or that a
 * change of devices did not get to, is written anew. Roots are not looked at: the next ones write over them.
 */
import type { DeviceSet } from './device-set.ts';
import type { GroupCore } from './group-core.ts';
import { labelOffsets } from './geometry.ts';
import { decodeLabel, devicesOf, encodeLabel, headerBytes, type Label } from './label.ts';
import { inUse, type Member } from './member.ts';

/** Answers how many copies were wrong; they are counted as checksum errors of their devices. No label changes meanwhile. */
export async function scrubLabels({ cores, label }: DeviceSet): Promise<number> {
  const known = new Set(devicesOf(label).map(({ guid }) => guid));
  const wrong = await Promise.all(
    cores.flatMap((core) =>
      core.members
        .filter((member) => known.has(member.guid) && inUse(member) !== undefined)
        .map((member) => scrubMember(core, member, label)),
    ),
  );
  return wrong.reduce((sum, copies) => sum + copies, 0);
}

async function scrubMember(core: GroupCore, member: Member, label: Label): Promise<number> {
  let wrong = 0;
  for (const offset of labelOffsets(member.sizeBytes)) {
    const header = await core.read(member, offset, headerBytes);
    if (header !== undefined && isRight(header, label, member.guid)) continue;
    wrong++;
    if (header !== undefined) member.checksumErrors++; // one that could not be read is counted already
    await core.writeThrough(member, offset, encodeLabel({ ...label, device: member.guid }));
  }
  return wrong;
}

function isRight(header: Uint8Array, { pool, generation }: Label, device: string): boolean {
  const reading = decodeLabel(header);
  if (reading.kind !== 'label') return false;
  const { label } = reading;
  return label.pool === pool && label.generation === generation && label.device === device;
}
