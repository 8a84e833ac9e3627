/** Who owns the pools that this process opens, for other machines that see the same devices (engine/group/owner.ts). */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { systemClock } from '../../shared/edge/system-clock.ts';
import type { OwnerOptions } from '../engine/group/owner.ts';

/**
 * The machine is its boot: processes of one boot are kept apart by exclusive opening. A kernel without a boot id is taken
 * for a new one each time, so that its predecessor is always watched for.
 */
export const poolOwner: OwnerOptions = {
  id: randomBytes(8).toString('hex'),
  machine: `${hostname()} ${bootId() ?? randomBytes(8).toString('hex')}`,
  clock: systemClock,
};

function bootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'ascii').trim();
  } catch {
    return undefined;
  }
}
