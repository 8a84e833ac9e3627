/** Faults of one device, drawn from a seed: while it is the victim, the others of its group do right. */
import { DeviceError } from '../../pool-manager/engine/block-device.ts';
import type { Prng } from '../../shared/prng.ts';
import type { MemoryDevice } from '../memory-device.ts';

const unitBytes = 4096;

// prettier-ignore
const kinds = {
  /** Reads fail now and then; the data is there the next time. */
  readErrors:  { redundantOnly: false },
  /** Bits turn over in what is stored. */
  flips:       { redundantOnly: false },
  /** Writes are answered and land nowhere. */
  lostWrites:  { redundantOnly: true },
  /** Writes are answered and land elsewhere, over something else. */
  misdirected: { redundantOnly: true },
  /** Writes and flushes fail. */
  writeErrors: { redundantOnly: true },
} as const;

export type FaultKind = keyof typeof kinds;

export function anyFault(random: Prng, isRedundant: boolean): FaultKind {
  // The keys of the table are its names.
  const names = Object.keys(kinds) as FaultKind[];
  return random.pick(names.filter((name) => isRedundant || !kinds[name].redundantOnly));
}

/** From now on the device has this fault, instead of any other. */
export function beginFault(device: MemoryDevice, kind: FaultKind, random: Prng): void {
  endFaults(device);
  switch (kind) {
    case 'readErrors':
      device.fault = (op) =>
        op === 'read' && random.chance(0.2) ? new DeviceError(device.name, 'read error') : undefined;
      return;
    case 'writeErrors':
      device.fault = (op) =>
        op !== 'read' && random.chance(0.1) ? new DeviceError(device.name, 'write error') : undefined;
      return;
    case 'lostWrites':
      device.landing = (offsetBytes) => (random.chance(0.1) ? undefined : offsetBytes);
      return;
    case 'misdirected':
      device.landing = (offsetBytes, lengthBytes) =>
        random.chance(0.03) ? elsewhere(device, lengthBytes, random) : offsetBytes;
      return;
    case 'flips':
      flip(device, random);
  }
}

export function endFaults(device: MemoryDevice): void {
  device.fault = () => undefined;
  device.landing = (offsetBytes) => offsetBytes;
}

/** A few bits, of units that hold something. */
function flip(device: MemoryDevice, random: Prng): void {
  const units = [...device.image().keys()];
  for (let i = 0; i < 5 && units.length > 0; i++)
    device.flipBit(random.pick(units) * unitBytes + random.below(unitBytes), random.below(8));
}

/** Over what is stored already, so that it hurts. */
function elsewhere(device: MemoryDevice, lengthBytes: number, random: Prng): number {
  const units = [...device.image().keys()];
  const unit = units.length > 0 ? random.pick(units) : 0;
  return Math.min(unit * unitBytes, device.sizeBytes - lengthBytes);
}
