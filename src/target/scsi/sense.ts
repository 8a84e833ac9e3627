/** Sense data (SPC-4 §4.5) and the conditions that we report; additional code and qualifier in one number, 0xAAQQ. */

export const senseKey = {
  noSense: 0x0,
  notReady: 0x2,
  mediumError: 0x3,
  hardwareError: 0x4,
  illegalRequest: 0x5,
  unitAttention: 0x6,
  dataProtect: 0x7,
  abortedCommand: 0xb,
  copyAborted: 0xa,
  miscompare: 0xe,
} as const;

// prettier-ignore
const conditions = {
  noSense:                 { key: senseKey.noSense,        code: 0x0000 },
  unrecoveredRead:         { key: senseKey.mediumError,    code: 0x1100 },
  writesLost:              { key: senseKey.mediumError,    code: 0x0c00 },
  parameterListLength:     { key: senseKey.illegalRequest, code: 0x1a00 },
  invalidOpcode:           { key: senseKey.illegalRequest, code: 0x2000 },
  lbaOutOfRange:           { key: senseKey.illegalRequest, code: 0x2100 },
  invalidFieldInCdb:       { key: senseKey.illegalRequest, code: 0x2400 },
  noSuchUnit:              { key: senseKey.illegalRequest, code: 0x2500 },
  invalidFieldInList:      { key: senseKey.illegalRequest, code: 0x2600 },
  invalidRelease:          { key: senseKey.illegalRequest, code: 0x2604 },
  tooManyTargets:          { key: senseKey.illegalRequest, code: 0x2606 },
  unsupportedTarget:       { key: senseKey.illegalRequest, code: 0x2607 },
  tooManySegments:         { key: senseKey.illegalRequest, code: 0x2608 },
  unsupportedSegment:      { key: senseKey.illegalRequest, code: 0x2609 },
  tooManyRegistrations:    { key: senseKey.illegalRequest, code: 0x5504 },
  invalidInformationUnit:  { key: senseKey.illegalRequest, code: 0x0e03 },
  savingNotSupported:      { key: senseKey.illegalRequest, code: 0x3900 },
  writeProtected:          { key: senseKey.dataProtect,    code: 0x2700 },
  softwareWriteProtected:  { key: senseKey.dataProtect,    code: 0x2702 },
  spaceAllocationFailed:   { key: senseKey.dataProtect,    code: 0x2707 },
  copyTargetUnreachable:   { key: senseKey.copyAborted,    code: 0x0d02 },
  copyAborted:             { key: senseKey.copyAborted,    code: 0x0000 },
  miscompare:              { key: senseKey.miscompare,     code: 0x1d00 },
  poweredOn:               { key: senseKey.unitAttention,  code: 0x2900 },
  unitReset:               { key: senseKey.unitAttention,  code: 0x2903 },
  nexusLost:               { key: senseKey.unitAttention,  code: 0x2907 },
  reservationsPreempted:   { key: senseKey.unitAttention,  code: 0x2a03 },
  reservationsReleased:    { key: senseKey.unitAttention,  code: 0x2a04 },
  registrationsPreempted:  { key: senseKey.unitAttention,  code: 0x2a05 },
  commandsCleared:         { key: senseKey.unitAttention,  code: 0x2f00 },
  thinThresholdReached:    { key: senseKey.unitAttention,  code: 0x3807 },
  modeParametersChanged:   { key: senseKey.unitAttention,  code: 0x2a01 },
  capacityChanged:         { key: senseKey.unitAttention,  code: 0x2a09 },
} as const;
export type Condition = keyof typeof conditions;

/** Where in CDB (`c`) or parameter list the wrong field is (SPC-4 §4.5.2.4.2). */
export interface FieldPointer {
  readonly inCdb: boolean;
  readonly byte: number;
  readonly bit?: number;
}

/** The command ends with CHECK CONDITION. Thrown inside commands, translated once by the logical unit. */
export class CheckCondition extends Error {
  override readonly name = 'CheckCondition';
  readonly condition: Condition;
  /** Goes into the INFORMATION field: an LBA, or the offset of a miscompare. */
  readonly information: number | undefined;
  readonly field: FieldPointer | undefined;
  /** What the command wanted to move, where that is known: the residual counts from it. */
  readonly transferBytes: number;
  constructor(
    condition: Condition,
    more: { information?: number; field?: FieldPointer | undefined; transferBytes?: number } = {},
  ) {
    super(condition);
    this.condition = condition;
    this.information = more.information;
    this.field = more.field;
    this.transferBytes = more.transferBytes ?? 0;
  }
}

/** A field of the CDB has a value that we do not know or support. */
export const badField = (byte: number, bit?: number) =>
  new CheckCondition('invalidFieldInCdb', {
    field: bit === undefined ? { inCdb: true, byte } : { inCdb: true, byte, bit },
  });

type Detail = Pick<CheckCondition, 'condition' | 'information' | 'field'>;

const keySpecific = (field: FieldPointer): readonly number[] => [
  0x80 | (field.inCdb ? 0x40 : 0) | (field.bit === undefined ? 0 : 0x08 | field.bit),
  field.byte >> 8,
  field.byte & 0xff,
];

/** Fixed format (SPC-4 §4.5.3). */
function fixedSense({ condition, information, field }: Detail): Uint8Array {
  const { key, code } = conditions[condition];
  const sense = new Uint8Array(18);
  sense[0] = 0x70 | (information === undefined || information > 0xffff_ffff ? 0 : 0x80);
  sense[2] = key;
  if (information !== undefined && information <= 0xffff_ffff)
    new DataView(sense.buffer).setUint32(3, information);
  sense[7] = sense.byteLength - 8;
  sense[12] = code >> 8;
  sense[13] = code & 0xff;
  if (field !== undefined) sense.set(keySpecific(field), 15);
  return sense;
}

/** Descriptor format (SPC-4 §4.5.2). */
function descriptorSense({ condition, information, field }: Detail): Uint8Array {
  const { key, code } = conditions[condition];
  const descriptors: number[] = [];
  if (information !== undefined) {
    const view = new DataView(new ArrayBuffer(8));
    view.setUint32(0, Math.floor(information / 2 ** 32));
    view.setUint32(4, information >>> 0);
    descriptors.push(0x00, 0x0a, 0x80, 0, ...new Uint8Array(view.buffer));
  }
  if (field !== undefined) descriptors.push(0x02, 0x06, 0, 0, ...keySpecific(field), 0);
  return Uint8Array.from([0x72, key, code >> 8, code & 0xff, 0, 0, 0, descriptors.length, ...descriptors]);
}

export function senseOf(detail: Detail, descriptorFormat: boolean): Uint8Array {
  return descriptorFormat ? descriptorSense(detail) : fixedSense(detail);
}
