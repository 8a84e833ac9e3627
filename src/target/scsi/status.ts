/** SAM-5 §5.3.1. */
export const scsiStatus = {
  good: 0x00,
  checkCondition: 0x02,
  busy: 0x08,
  reservationConflict: 0x18,
  taskSetFull: 0x28,
} as const;

/** What a command came to. `data` goes to the initiator; `transferBytes` is what the command itself wanted to move. */
export interface ScsiResult {
  readonly status: number;
  readonly sense?: Uint8Array | undefined;
  readonly data?: Uint8Array | undefined;
  readonly transferBytes: number;
  /** The transport calls it when it answers with this, and not for a command that was aborted. */
  readonly answered?: (() => void) | undefined;
}
export const done: ScsiResult = { status: scsiStatus.good, transferBytes: 0 };

/** A parameter list for the initiator, cut to the allocation length of the CDB (SPC-4 §4.2.5.6). */
export function answer(data: Uint8Array, allocationBytes: number): ScsiResult {
  const cut = data.subarray(0, allocationBytes);
  return { status: scsiStatus.good, data: cut, transferBytes: cut.byteLength };
}
