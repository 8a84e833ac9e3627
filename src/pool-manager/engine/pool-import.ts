/**
 * Opens the pool that is on these devices.
 *
 *   examine → judge the labels → choose the root → judge each device by it → load → write a root → serve
 *
 * Before the last root nothing is written. Whatever does not fit is refused by name (refusal.ts), never guessed at.
 */
import { must } from '../../shared/assert.ts';
import type { BlockDevice } from './block-device.ts';
import { DeviceGroup, type Member } from './device-group.ts';
import { loadDirectory } from './directory.ts';
import { examineDevices, type Finding, type PoolFinding } from './examine.ts';
import type { EngineHost } from './host.ts';
import { type Label, unknownFeature } from './label.ts';
import { BadNodeError } from './node-store.ts';
import { EnginePool } from './open-pool.ts';
import { defaultLimits, type EngineLimits, PoolCore } from './pool-core.ts';
import { PoolRefusal } from './refusal.ts';
import { chooseRoot, type Root } from './root.ts';
import { loadSpaceMap, spaceMapAt } from './space-map.ts';

export interface ImportOptions {
  readonly devices: readonly BlockDevice[];
  /** Consent to go on without a mirror half that may have newer data than what is here. */
  readonly without?: boolean;
  readonly host: EngineHost;
  readonly limits?: Partial<EngineLimits>;
}

/** Throws PoolRefusal. */
export async function importPool(options: ImportOptions): Promise<EnginePool> {
  const { core, root } = await openCore(options);
  try {
    const spaceMap = spaceMapAt(core, root.spaceMap);
    await loadSpaceMap(core, spaceMap);
    const { blob, volumes } = await loadDirectory(core, root.directory, root.directoryBytes);
    const pool = new EnginePool(core, { directory: blob, spaceMap });
    for (const { start, blobs } of volumes) pool.adopt(start).blobs = blobs;
    await pool.begin();
    return pool;
  } catch (error) {
    if (!(error instanceof BadNodeError)) throw error;
    throw new PoolRefusal(
      'Damaged',
      `pool ${core.guid}: ${error.message}; restore the devices or rebuild the replicas`,
      {
        cause: error,
      },
    );
  }
}

/** The devices judged and the root chosen; nothing loaded, nothing written. */
export async function openCore(
  options: ImportOptions,
): Promise<{ readonly core: PoolCore; readonly root: Root }> {
  const findings = await examineDevices(options.devices);
  const label = judgeLabels(findings);
  const found = findings.filter((finding) => finding.kind === 'pool');
  const choice = chooseRoot(
    found.flatMap(({ roots }) => roots),
    label.pool,
  );
  if (!choice.ok) throw noRoot(choice.reason, label, found);
  const { root } = choice;
  const groups = judgeMembers(label, root, findings, options.without ?? false);
  const core = new PoolCore({
    guid: label.pool,
    layout: label.layout,
    host: options.host,
    groups,
    limits: { ...defaultLimits, ...options.limits },
  });
  core.openTxg = root.txg + 1;
  core.durableTxg = root.txg;
  core.era = root.era;
  return { core, root };
}

/** The one pool that the labels speak of. */
function judgeLabels(findings: readonly Finding[]): Label {
  const found = findings.filter((finding) => finding.kind === 'pool');
  const [first] = found;
  if (first === undefined)
    throw new PoolRefusal('NoPool', `no device carries a pool: ${describeAll(findings)}`);
  for (const { device, label } of found) {
    const unknown = unknownFeature(label);
    if (unknown !== undefined)
      throw new PoolRefusal(
        'UnsupportedFeature',
        `device ${device.name}: this release does not know ${unknown}: use a newer one`,
      );
    if (label.pool !== first.label.pool)
      throw new PoolRefusal(
        'PoolMismatch',
        `device ${device.name} belongs to pool ${label.pool}, ${first.device.name} to pool ${first.label.pool}: give the devices of one pool`,
      );
    const twin = found.find((other) => other.device !== device && other.label.device === label.device);
    if (twin !== undefined)
      throw new PoolRefusal(
        'DuplicateGuid',
        `devices ${device.name} and ${twin.device.name} both say they are ${label.device}: one is a copy, take it away`,
      );
    if (JSON.stringify(label.groups) !== JSON.stringify(first.label.groups))
      throw new PoolRefusal(
        'DuplicateGuid',
        `devices ${device.name} and ${first.device.name} claim one pool GUID ${label.pool} with different devices: two pools, take one away`,
      );
  }
  return first.label;
}

function noRoot(
  reason: 'noValidSlot' | 'forkedTxg',
  label: Label,
  found: readonly PoolFinding[],
): PoolRefusal {
  const names = found.map(({ device }) => device.name).join(', ');
  if (reason === 'forkedTxg')
    return new PoolRefusal(
      'ForkedPool',
      `pool ${label.pool}: ${names} have different roots of one number: they went on apart, choose one side`,
    );
  return found.every(({ untouched }) => untouched)
    ? new PoolRefusal('NoValidRoot', `pool ${label.pool} on ${names} was never completed: create it again`)
    : new PoolRefusal(
        'NoValidRoot',
        `pool ${label.pool}: no root on ${names} is whole: restore the devices or rebuild the replicas`,
      );
}

function judgeMembers(
  label: Label,
  root: Root,
  findings: readonly Finding[],
  without: boolean,
): DeviceGroup[] {
  let firstUnit = 0;
  return label.groups.map(({ units, devices }) => {
    const members = devices.map((known): Member => {
      const finding = findings.find((each) => each.kind === 'pool' && each.label.device === known.guid);
      const said = must(
        root.devices.find(({ guid }) => guid === known.guid),
        `the root's word on ${known.name}`,
      );
      const base = {
        guid: known.guid,
        name: known.name,
        sizeBytes: known.sizeBytes,
        checksumErrors: 0,
        ioErrors: 0,
      };
      if (finding?.kind !== 'pool') {
        const reason = `absent; ${describeAll(findings)}`;
        return { ...base, device: undefined, state: 'failed', reason, goodTxg: said.goodTxg };
      }
      const { device } = finding;
      if (device.sizeBytes < known.sizeBytes)
        throw new PoolRefusal(
          'DeviceTooSmall',
          `device ${device.name} has shrunk from ${known.sizeBytes} to ${device.sizeBytes} bytes: restore its size`,
        );
      const own = ownNewest(finding);
      if (said.state === 'stale' && own > said.goodTxg + 1)
        throw new PoolRefusal(
          'ForkedPool',
          `device ${device.name} went on alone to root ${own}, the others to ${root.txg}: choose one side`,
        );
      const current = said.state === 'current' && own >= root.txg - 1;
      return {
        ...base,
        name: device.name,
        device,
        state: current ? 'current' : 'syncing',
        reason: undefined,
        goodTxg: current ? root.txg : Math.min(said.goodTxg, own),
      };
    });
    checkGroup(label, root, members, without);
    const group = new DeviceGroup({ firstUnit, units, members });
    firstUnit += units;
    return group;
  });
}

/** The newest root on the device by which it had all data. */
const ownNewest = ({ label, roots }: PoolFinding): number =>
  Math.max(
    0,
    ...roots
      .filter(({ devices }) =>
        devices.some(({ guid, state }) => guid === label.device && state === 'current'),
      )
      .map(({ txg }) => txg),
  );

function checkGroup(label: Label, root: Root, members: readonly Member[], without: boolean): void {
  const absent = members.filter(({ device }) => device === undefined);
  const missing = (what: string, remedy: string) =>
    new PoolRefusal(
      'DeviceMissing',
      `pool ${label.pool}: ${absent.map(({ name, guid }) => `${name} (${guid})`).join(', ')} ${what}; ${absent[0]?.reason ?? ''}: ${remedy}`,
    );
  if (!members.some(({ state }) => state === 'current')) {
    if (absent.length > 0) throw missing('is missing, and no other device has its data', 'attach it');
    throw new PoolRefusal(
      'Damaged',
      `pool ${label.pool}: no device of ${members.map(({ name }) => name).join(', ')} has all data`,
    );
  }
  const maybeNewer = absent.filter(({ guid }) =>
    root.devices.some((d) => d.guid === guid && d.state === 'current'),
  );
  if (maybeNewer.length > 0 && !without)
    throw missing(
      'is missing and may have newer data than its mirror',
      'attach it, or consent to go on without it',
    );
}

function describeAll(findings: readonly Finding[]): string {
  return findings
    .map((finding) => {
      const { name } = finding.device;
      switch (finding.kind) {
        case 'blank':
          return `${name} is blank`;
        case 'foreign':
          return `${name} carries ${finding.what}`;
        case 'tooSmall':
          return `${name} is too small`;
        case 'damaged':
          return `${name} has a damaged label`;
        case 'pool':
          return `${name} is ${finding.label.device}`;
      }
    })
    .join(', ');
}
