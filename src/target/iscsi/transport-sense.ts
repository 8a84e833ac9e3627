/** Sense data for what goes wrong in the transfer itself (RFC 7143 §11.4.7.2), fixed format: all ABORTED COMMAND. */

export const transferFault = {
  unexpectedUnsolicitedData: 0x0c0c,
  incorrectAmountOfData: 0x0c0d,
  dataPhaseError: 0x4b00,
  tooMuchWriteData: 0x4b02,
  dataOffsetError: 0x4b05,
} as const;
export type TransferFault = (typeof transferFault)[keyof typeof transferFault];

export const checkCondition = 0x02;
const abortedCommand = 0x0b;

export function transportSense(fault: TransferFault): Uint8Array {
  const sense = new Uint8Array(18);
  sense[0] = 0x70;
  sense[2] = abortedCommand;
  sense[7] = 10;
  sense[12] = fault >> 8;
  sense[13] = fault & 0xff;
  return sense;
}
