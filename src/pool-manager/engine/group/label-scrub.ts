/**
 * Headers of labels are scrubbed as data is: all copies of all devices in use are read, and one that rotted, or that a
 * change of devices did not get to, is written anew. Roots are not looked at: the next ones write over them.
 *
 * The same is done when a pool is imported, and before a change of labels: one that a crash has torn leaves one copy, and
 * that one must not be torn next.
 */
import type { DeviceSet } from './device-set.ts';
import type { GroupCore } from './group-core.ts';
import { headerOffsets } from './geometry.ts';
import { decodeLabel, devicesOf, encodeLabel, headerBytes, type Label, type LabelReading } from './label.ts';
import { inUse, type Member } from './member.ts';

/** Answers how many copies were wrong; they are counted as checksum errors of their devices. No label changes meanwhile. */
export async function scrubLabels(set: DeviceSet): Promise<number> {
  let wrong = 0;
  await mendLabels(set, (member, reading) => {
    wrong++;
    if (reading !== undefined) member.checksumErrors++; // one that could not be read is counted already
  });
  return wrong;
}

/** `onWrong`: of each copy, and what is there; undefined: it can not be read. No label changes meanwhile. */
export async function mendLabels(
  { cores, label }: DeviceSet,
  onWrong?: (member: Member, reading: LabelReading | undefined) => void,
): Promise<void> {
  const known = new Set(devicesOf(label).map(({ guid }) => guid));
  await Promise.all(
    cores.flatMap((core) =>
      core.members
        .filter((member) => known.has(member.guid) && inUse(member) !== undefined)
        .map((member) => mendMember(core, member, label, onWrong)),
    ),
  );
}

async function mendMember(
  core: GroupCore,
  member: Member,
  label: Label,
  onWrong: Parameters<typeof mendLabels>[1],
): Promise<void> {
  const found: Copy[] = [];
  const offsets = headerOffsets(member.sizeBytes);
  for (const offset of offsets) {
    const header = await core.read(member, offset, headerBytes);
    found.push({ offset, reading: header === undefined ? undefined : decodeLabel(header) });
  }
  const [, copy] = offsets;
  // Those that say nothing first: one that is only old may be all there is.
  for (const { offset, reading } of [...found.filter((copy) => !isLabel(copy)), ...found.filter(isLabel)]) {
    if (isRight(reading, label, member.guid)) continue;
    // A pool of an older release has no copy.
    if (offset !== copy || reading?.kind !== 'none') onWrong?.(member, reading);
    await core.writeThrough(member, offset, encodeLabel({ ...label, device: member.guid }));
  }
}

interface Copy {
  readonly offset: number;
  readonly reading: LabelReading | undefined;
}

const isLabel = ({ reading }: Copy): boolean => reading?.kind === 'label';

function isRight(reading: LabelReading | undefined, { pool, generation }: Label, device: string): boolean {
  if (reading?.kind !== 'label') return false;
  const { label } = reading;
  return label.pool === pool && label.generation === generation && label.device === device;
}
