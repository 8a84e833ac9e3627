/** VPD page 8F: what EXTENDED COPY can do here, as RECEIVE COPY OPERATING PARAMETERS tells it too (SPC-4 §7.8.17). */
import { copyLimits, descriptorType } from './copy-list.ts';

/** Opcode and its service actions: EXTENDED COPY(LID1), and RECEIVE COPY STATUS, DATA, PARAMETERS and FAILURE DETAILS. */
const commands = [
  [0x83, [0]],
  [0x84, [0, 1, 3, 4]],
] as const;

const u16 = (value: number) => [value >> 8, value & 0xff];
const u32 = (value: number) => [...u16(value >>> 16), ...u16(value & 0xffff)];

/** A descriptor is padded to a multiple of four bytes. */
function descriptor(type: number, body: readonly number[]): readonly number[] {
  const padded = [...body, ...new Uint8Array(-body.length & 3)];
  return [...u16(type), ...u16(padded.length), ...padded];
}

/** SUPPORTED COMMANDS, PARAMETER DATA, SUPPORTED DESCRIPTORS, SUPPORTED CSCD IDS (none beyond the list's), GENERAL. */
export function thirdPartyCopyPage(): Uint8Array {
  const supported = commands.flatMap(([opcode, actions]) => [opcode, actions.length, ...actions]);
  const types = Object.values(descriptorType);
  const { targetsMax, segmentsMax, descriptorBytesMax, segmentBytesMax, heldMax } = copyLimits;
  const limits = [0, 0, 0, 0, ...u16(targetsMax), ...u16(segmentsMax), ...u32(descriptorBytesMax)];
  const general = [...u32(heldMax), ...u32(heldMax), ...u32(segmentBytesMax), 9 /* 2^9 bytes */];
  return Uint8Array.from([
    ...descriptor(0x0001, [supported.length, ...supported]),
    ...descriptor(0x0004, [...limits, ...new Uint8Array(28 - limits.length)]),
    ...descriptor(0x0008, [types.length, ...types]),
    ...descriptor(0x000c, u16(0)),
    ...descriptor(0x8001, [...general, ...new Uint8Array(32 - general.length)]),
  ]);
}
