/** The conditions of a CStorPoolInstance. What is well has none: one that nobody has heard of is not worth a line while it is False. */
import { setCondition } from '../../api/conditions.ts';
import type { Violation } from '../checks.ts';
import type { StoredCondition } from '../status.ts';
import { isReplaced, isServing, neverCreated, type Replacing } from './plan.ts';
import type { PoolReport, StatusInput } from './status.ts';

/** Says what is the case; `reason` and `message` are those of `true`. */
type Say = (type: string, is: boolean, reason: string, message: string, otherwise: string) => void;

export function conditionsOf(input: StatusInput): StoredCondition[] {
  const { previous, facts, generation, deleting, waits, failure, restartWaits, nowIso } = input;
  let conditions: readonly StoredCondition[] = previous.conditions ?? [];
  const say: Say = (type, is, reason, message, otherwise) => {
    if (!is && !conditions.some((condition) => condition.type === type)) return;
    const said = is
      ? { status: 'True' as const, reason, message }
      : { status: 'False' as const, reason: otherwise, message: '' };
    conditions = setCondition(conditions, { type, ...said, observedGeneration: generation }, nowIso);
  };
  say('DeletionBlocked', waits !== undefined, 'Waiting', waits ?? '', 'Free');
  say('RestartPending', restartWaits !== undefined, 'WaitsForItsTurn', restartWaits ?? '', 'Restarted');
  const { pool } = facts;
  const serves = isServing(pool);
  if (failure !== undefined || serves)
    say(
      'PoolCreationFailed',
      failure !== undefined,
      failure?.reason ?? '',
      failure?.message ?? '',
      'Created',
    );
  if (pool === undefined || pool.phase === 'POOL_PHASE_IMPORTING') return [...conditions];
  sayLost(say, input, pool);
  say('PoolFaulted', pool.phase === 'POOL_PHASE_FAULTED', pool.reason, pool.message, 'PoolFound');
  if (serves) sayChanges(say, input, pool);
  if (serves && !deleting) sayScrub(say, pool);
  sayDevices(say, pool);
  return [...conditions];
}

const remedy = 'attach the right disks, or remove the pool from the CStorPoolCluster and add it again';

function sayLost(say: Say, { previous, deleting }: StatusInput, pool: PoolReport): void {
  const known = previous.poolGuid ?? '';
  if (isServing(pool) && isReplaced(known, pool.guid)) {
    const what = `its devices carry pool ${pool.guid}, not ${known}: ${remedy}`;
    say('PoolLost', true, 'PoolReplaced', what, '');
    return;
  }
  const lost = pool.phase === 'POOL_PHASE_ABSENT' && !neverCreated(previous.phase ?? '') && !deleting;
  const what = `underlying pool might be lost or the disk(s) has gone bad: no device carries its label; ${remedy}`;
  say('PoolLost', lost, 'PoolLost', what, 'PoolFound');
}

function sayChanges(say: Say, { adding, replacing, changeFailure }: StatusInput, pool: PoolReport): void {
  const why = changeFailure === undefined ? '' : `; refused: ${changeFailure.message}`;
  say(
    'PoolExpansion',
    adding > 0,
    'PoolExpansionInProgress',
    `${adding} groups are to be added${why}`,
    'PoolExpansionSuccessful',
  );
  say(
    'DiskReplacement',
    replacing.length > 0,
    'BlockDeviceReplacementInprogress',
    `${replacing.map((each) => progressOf(each, pool)).join('; ')}${why}`,
    'BlockDeviceReplacementSucceess',
  );
  const { reason, message }: Violation = changeFailure ?? { reason: '', message: '' };
  say('ChangeRefused', changeFailure !== undefined, reason, message, 'Accepted');
}

/** Until another scrub has come to its end and found none. */
function sayScrub(say: Say, { scrub }: PoolReport): void {
  if (scrub === null || (scrub.lostBlocks === 0 && scrub.state !== 'DONE')) return;
  const what = `scrub ${scrub.runs} found ${scrub.lostBlocks} blocks without a good copy in this pool: reading them brings them back from another replica of their volume, where there is one; then scrub again`;
  say('BlocksLost', scrub.lostBlocks > 0, 'NoGoodCopy', what, 'ScrubFoundNone');
}

function sayDevices(say: Say, { devices }: PoolReport): void {
  const away = devices.filter((device) => !device.online);
  const what = away.map((device) => `${device.name} (${device.path}): ${device.reason}`).join('; ');
  say('DiskUnavailable', away.length > 0, 'DisksAreUnavailable', what, 'DisksAreAvailable');
}

/** In steps of a tenth: what moves every second is the metrics' matter. */
function progressOf({ device, predecessor }: Replacing, pool: PoolReport): string {
  const resilver = pool.resilvers.find((each) => each.device === device);
  const tenths =
    resilver === undefined || resilver.totalBytes === 0
      ? 0
      : Math.floor((10 * resilver.doneBytes) / resilver.totalBytes);
  return `${device} is filled in the place of ${predecessor}: ${tenths * 10} %`;
}
