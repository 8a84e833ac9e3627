/** How the devices of an open pool change. Whoever calls waits for a root then: it is the first that has them. */
import { addGroup, growGroups } from '../group/group-growth.ts';
import { replaceDevice } from '../group/device-exchange.ts';
import { addLogDevices, removeLogDevices } from '../group/log-devices.ts';
import type { ManagedPool } from '../pool.ts';
import { PoolRefusal } from '../refusal.ts';
import type { PoolEngine } from './pool-engine.ts';
import { moveToLogDevices, moveToRing } from './pool-log.ts';

export class PoolDevices {
  readonly #engine: PoolEngine;

  constructor(engine: PoolEngine) {
    this.#engine = engine;
  }

  async replace(options: Parameters<ManagedPool['replaceDevice']>[0]): Promise<void> {
    const { old, device, overwrite } = options;
    const { devices, host, guid } = this.#engine.parts;
    const known = devices.devices().find(({ name, guid: own }) => name === old || own === old);
    if (known === undefined)
      throw new PoolRefusal('LayoutInvalid', `pool ${guid} has no device ${old}: nothing to replace`);
    const before = new Set(devices.devices().map(({ guid: own }) => own));
    const replace = () => replaceDevice(devices, known.guid, device, { host, overwrite });
    // What is in the log is not copied to a log device: the new one, or one that came back a moment ago, would lack it.
    await (known.group === -1 ? this.#withoutLogDevices(replace) : replace());
    const added = devices.devices().find(({ guid: own }) => !before.has(own));
    if (added !== undefined) this.#engine.set({ replaced: { [added.guid]: known.name } });
  }

  async addGroups(options: Parameters<ManagedPool['addGroups']>[0]): Promise<void> {
    const { data, log, overwrite } = options;
    const { devices, space, host } = this.#engine.parts;
    for (const group of data) await addGroup(devices, group, { host, overwrite });
    if (data.length > 0) space.grow(devices.groups);
    if (log.length > 0) await this.#withoutLogDevices(() => addLogDevices(devices, log, { host, overwrite }));
  }

  async removeLogDevices(names: readonly string[]): Promise<void> {
    const { devices } = this.#engine.parts;
    const leaving = devices.devices().filter(({ group, name }) => group === -1 && names.includes(name));
    const guids = leaving.map(({ guid }) => guid);
    if (guids.length > 0) await this.#withoutLogDevices(() => removeLogDevices(devices, guids));
  }

  async grow(): Promise<void> {
    const { devices, space } = this.#engine.parts;
    if ((await growGroups(devices)) > 0) space.grow(devices.groups);
  }

  /** The log is in the ring of the first group while its devices change; then it goes to those that there are. */
  async #withoutLogDevices(change: () => Promise<unknown>): Promise<void> {
    const { log, parts, checkpoints } = this.#engine;
    const { devices } = parts;
    if (devices.logs.devices !== undefined) {
      moveToRing(log, parts);
      await checkpoints.after();
    }
    try {
      await change();
    } finally {
      if (devices.logs.devices?.isUsable === true) moveToLogDevices(log, parts);
    }
  }
}
