/** Whether a pool can be opened without the devices that are away: by what is here, and by what they may have. */
import { PoolRefusal } from '../refusal.ts';
import { describeFindings, type Finding } from './examine.ts';
import { shapeOf } from './geometry.ts';
import type { Label } from './label.ts';
import { isWhole, type Member } from './member.ts';
import type { Root } from './root.ts';

/** What the devices say of themselves and of each other. */
export interface Evidence {
  readonly label: Label;
  readonly root: Root;
  readonly findings: readonly Finding[];
}

/**
 * A log device that is away is no matter while a copy of it is here. Without any, what was flushed since the root is
 * lost, unless nothing was. Answers whether consent was needed. Throws PoolRefusal.
 */
export function checkLog(
  { root, label, findings }: Evidence,
  members: readonly Member[],
  consents: boolean,
): boolean {
  const hadLog = members.filter(({ guid }) => isCurrentIn(root, guid));
  if (root.clean || hadLog.length === 0 || hadLog.some(({ device }) => device !== undefined)) return false;
  if (!consents) throw maybeNewerAway(label, hadLog, findings);
  return true;
}

const isCurrentIn = (root: Root, guid: string): boolean =>
  root.devices.some((device) => device.guid === guid && device.state === 'current');

const maybeNewerAway = (label: Label, away: readonly Member[], findings: readonly Finding[]): PoolRefusal =>
  missing(
    label,
    away,
    findings,
    'is missing and may have newer data than what is here',
    'attach it, or consent to go on without it',
  );

const missing = (
  { pool }: Label,
  away: readonly Member[],
  findings: readonly Finding[],
  what: string,
  remedy: string,
): PoolRefusal =>
  new PoolRefusal(
    'DeviceMissing',
    `pool ${pool}: ${away.map(({ name, guid }) => `${name} (${guid})`).join(', ')} ${what}; ${describeFindings(findings)}: ${remedy}`,
  );

/**
 * Enough devices of a group have all data, and those that are away can not have gone on alone. Answers whether consent was
 * needed. Throws PoolRefusal.
 */
export function checkGroup(
  { label, root, findings }: Evidence,
  members: readonly Member[],
  consents: boolean,
): boolean {
  const { dataColumns } = shapeOf(label.layout, members.length);
  const absent = members.filter(({ device }) => device === undefined);
  if (members.filter(isWhole).length < dataColumns) {
    if (absent.length > 0)
      throw missing(
        label,
        absent,
        findings,
        'is missing, and the other devices do not have its data',
        'attach it',
      );
    throw new PoolRefusal(
      'Damaged',
      `pool ${label.pool}: too few devices of ${members.map(({ name }) => name).join(', ')} have all data`,
    );
  }
  if (absent.filter(({ guid }) => isCurrentIn(root, guid)).length < dataColumns) return false;
  if (!consents) throw maybeNewerAway(label, absent, findings);
  return true;
}
