/** Which devices of a pool that a crash left may be missing as well. */
import { must } from '../../shared/assert.ts';
import type { Prng } from '../../shared/prng.ts';
import { withStates } from '../../pool-manager/engine/group/device-states.ts';
import { examineDevices } from '../../pool-manager/engine/group/examine.ts';
import { shapeOf } from '../../pool-manager/engine/group/geometry.ts';
import { chooseRoot } from '../../pool-manager/engine/group/root.ts';
import type { MemoryDevice } from '../memory-device.ts';

/**
 * Of each group as many as it can do without, if all are said to have everything, and have the newest root themselves; else
 * none. Answers indices of `devices`, which are read.
 */
export async function sparedDevices(
  devices: readonly MemoryDevice[],
  random: Prng,
): Promise<readonly number[]> {
  const found = (await examineDevices(devices)).flatMap((finding) =>
    finding.kind === 'pool' ? [finding] : [],
  );
  const label = found.map((finding) => finding.label).toSorted((a, b) => b.generation - a.generation)[0];
  if (label === undefined || found.length < devices.length) return [];
  const choice = chooseRoot(
    found.flatMap(({ roots }) => roots),
    label.pool,
  );
  if (!choice.ok) return [];
  const { txg, devices: said } = withStates(
    choice.root,
    found.flatMap(({ states }) => states),
  );
  const isWhole = (guid: string) =>
    said.some((each) => each.guid === guid && each.state === 'current') &&
    found.some((each) => each.label.device === guid && each.roots.some((root) => root.txg === txg));
  const guids = label.groups.map((group) => group.devices.map(({ guid }) => guid));
  if (!guids.flat().every(isWhole)) return [];
  const lost = guids.flatMap((group) => {
    const left = [...group];
    const { parityColumns } = shapeOf(label.layout, group.length);
    return Array.from({ length: parityColumns }, () =>
      must(left.splice(random.below(left.length), 1)[0], 'a device'),
    );
  });
  return found.flatMap((finding, i) => (lost.includes(finding.label.device) ? i : []));
}
