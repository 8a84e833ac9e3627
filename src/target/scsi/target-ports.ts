/** Asymmetric access (SPC-4 §5.15, §6.37): one group of one port, which is active and optimized as long as it answers. */
import type { Cdb } from './cdb.ts';
import { badField } from './sense.ts';
import { answer, type ScsiResult } from './status.ts';

const activeOptimized = 0x0;
const activeOptimizedSupported = 0x01;

/** PARAMETER DATA FORMAT 0: the descriptors alone; 1: with an extended header, which has no transition time to tell. */
export function reportTargetPortGroups(cdb: Cdb): ScsiResult {
  const format = cdb.u8(1) >> 5;
  if (format > 1) throw badField(1, 7);
  const group = [activeOptimized, activeOptimizedSupported, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1];
  const body = format === 1 ? [0x10, 0, 0, 0, ...group] : group;
  return answer(Uint8Array.from([0, 0, 0, body.length, ...body]), cdb.u32(6));
}
