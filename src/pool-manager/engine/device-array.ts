/** All groups of a pool side by side: units are numbered through them. */
import { assert } from '../../shared/assert.ts';
import type { DeviceGroup, GroupReading, Member, UnitCheck } from './device-group.ts';

export class DeviceArray {
  readonly groups: readonly DeviceGroup[];

  constructor(groups: readonly DeviceGroup[]) {
    this.groups = groups;
  }

  get members(): readonly Member[] {
    return this.groups.flatMap((group) => group.members);
  }

  groupOf(unit: number): DeviceGroup {
    const group = this.groups.findLast((each) => each.firstUnit <= unit);
    assert(group !== undefined && unit < group.firstUnit + group.units, `unit ${unit} lies in the pool`);
    return group;
  }

  /** A run never crosses groups: the allocator gives none that does. */
  async write(unit: number, bytes: Uint8Array): Promise<void> {
    await this.groupOf(unit).write(unit, bytes);
  }

  async read(unit: number, count: number, isGood: UnitCheck): Promise<GroupReading> {
    return await this.groupOf(unit).read(unit, count, isGood);
  }

  async flush(): Promise<void> {
    await Promise.all(this.groups.map((group) => group.flush()));
  }
}
