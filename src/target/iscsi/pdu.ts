/**
 * The PDUs of iSCSI as two tables: name, opcode and layout of the 48-byte basic header segment (RFC 7143 §11). The union
 * types follow from the tables; decoder and encoder know no PDU by name.
 */
export const bhsBytes = 48;
/** "No tag": the value of an initiator or target transfer tag that names nothing. */
export const noTag = 0xffff_ffff;

const bit = (bhs: DataView, at: number, mask: number) => (bhs.getUint8(at) & mask) !== 0;

/** A LUN that is no plain number below 16384 (§4.6, SAM-5 §4.7): never ours, answered as "no such unit". */
export const foreignLun = -1;

/** Single-level LUN in peripheral or flat addressing. */
export function lunOf(bhs: DataView): number {
  const first = bhs.getUint16(8);
  const singleLevel = bhs.getUint16(10) === 0 && bhs.getUint32(12) === 0;
  const method = first >> 14;
  return singleLevel && method <= 1 ? first & (method === 0 ? 0xff : 0x3fff) : foreignLun;
}

// prettier-ignore
export const initiatorPdu = {
  nopOut: { opcode: 0x00, decode: (bhs: DataView) => ({ targetTransferTag: bhs.getUint32(20) }) },
  scsiCommand: { opcode: 0x01, decode: (bhs: DataView) => ({
    final: bit(bhs, 1, 0x80), read: bit(bhs, 1, 0x40), write: bit(bhs, 1, 0x20), attribute: bhs.getUint8(1) & 7,
    lun: lunOf(bhs), expectedBytes: bhs.getUint32(20) }) },
  taskManagement: { opcode: 0x02, decode: (bhs: DataView) => ({
    function: bhs.getUint8(1) & 0x7f, lun: lunOf(bhs), referencedTag: bhs.getUint32(20), referencedCmdSn: bhs.getUint32(32) }) },
  loginRequest: { opcode: 0x03, decode: (bhs: DataView) => ({
    transit: bit(bhs, 1, 0x80), continues: bit(bhs, 1, 0x40), currentStage: (bhs.getUint8(1) >> 2) & 3, nextStage: bhs.getUint8(1) & 3,
    versionMax: bhs.getUint8(2), versionMin: bhs.getUint8(3),
    isidHigh: bhs.getUint32(8), isidLow: bhs.getUint16(12), tsih: bhs.getUint16(14), cid: bhs.getUint16(20) }) },
  textRequest: { opcode: 0x04, decode: (bhs: DataView) => ({
    final: bit(bhs, 1, 0x80), continues: bit(bhs, 1, 0x40), targetTransferTag: bhs.getUint32(20) }) },
  dataOut: { opcode: 0x05, decode: (bhs: DataView) => ({
    final: bit(bhs, 1, 0x80), targetTransferTag: bhs.getUint32(20), dataSn: bhs.getUint32(36), offsetBytes: bhs.getUint32(40) }) },
  logoutRequest: { opcode: 0x06, decode: (bhs: DataView) => ({ reason: bhs.getUint8(1) & 0x7f, cid: bhs.getUint16(20) }) },
  snackRequest: { opcode: 0x10, decode: (bhs: DataView) => ({ type: bhs.getUint8(1) & 0xf }) },
} as const;

type InitiatorTable = typeof initiatorPdu;
export type InitiatorKind = keyof InitiatorTable;

/** What every initiator PDU has: its header as it came, and the fields that all of them share. */
export interface PduFrame {
  readonly bhs: Uint8Array;
  /** Additional header segments, as they came (§11.2.2). */
  readonly ahs: Uint8Array;
  /** The data segment without padding; it belongs to whoever receives the PDU. */
  readonly data: Uint8Array;
  readonly immediate: boolean;
  readonly tag: number;
  readonly cmdSn: number;
  readonly expStatSn: number;
}
export type PduOf<K extends InitiatorKind> = PduFrame & { readonly kind: K } & Readonly<
    ReturnType<InitiatorTable[K]['decode']>
  >;
export type InitiatorPdu = { [K in InitiatorKind]: PduOf<K> }[InitiatorKind] | UnknownPdu;
/** An opcode that no initiator may send. */
export type UnknownPdu = PduFrame & { readonly kind: 'unknown'; readonly opcode: number };

/** Fields that the session stamps on what it sends. */
export interface SequenceNumbers {
  readonly statSn: number;
  readonly expCmdSn: number;
  readonly maxCmdSn: number;
}

const setLun = (bhs: DataView, lun: number) => bhs.setUint16(8, lun > 0xff ? 0x4000 | lun : lun);
interface Residual {
  readonly overflow: boolean;
  readonly underflow: boolean;
  readonly residualBytes: number;
}
const residualBits = (r: Residual) => (r.overflow ? 0x04 : 0) | (r.underflow ? 0x02 : 0);

// prettier-ignore
export const targetPdu = {
  nopIn: { opcode: 0x20, encode: (bhs: DataView, p: { targetTransferTag: number; lun: number }) => {
    bhs.setUint8(1, 0x80); setLun(bhs, p.lun); bhs.setUint32(20, p.targetTransferTag); } },
  scsiResponse: { opcode: 0x21, encode: (bhs: DataView, p: Residual & { status: number; expDataSn: number }) => {
    bhs.setUint8(1, 0x80 | residualBits(p)); bhs.setUint8(3, p.status); bhs.setUint32(36, p.expDataSn); bhs.setUint32(44, p.residualBytes); } },
  taskManagementResponse: { opcode: 0x22, encode: (bhs: DataView, p: { response: number }) => {
    bhs.setUint8(1, 0x80); bhs.setUint8(2, p.response); } },
  loginResponse: { opcode: 0x23, encode: (bhs: DataView, p: {
    transit: boolean; continues: boolean; currentStage: number; nextStage: number; isidHigh: number; isidLow: number; tsih: number; status: number }) => {
    bhs.setUint8(1, (p.transit ? 0x80 : 0) | (p.continues ? 0x40 : 0) | (p.currentStage << 2) | p.nextStage);
    bhs.setUint32(8, p.isidHigh); bhs.setUint16(12, p.isidLow); bhs.setUint16(14, p.tsih); bhs.setUint16(36, p.status); } },
  textResponse: { opcode: 0x24, encode: (bhs: DataView, p: { final: boolean; targetTransferTag: number }) => {
    bhs.setUint8(1, p.final ? 0x80 : 0); bhs.setUint32(20, p.targetTransferTag); } },
  dataIn: { opcode: 0x25, encode: (bhs: DataView, p: Residual & {
    final: boolean; hasStatus: boolean; status: number; dataSn: number; offsetBytes: number }) => {
    bhs.setUint8(1, (p.final ? 0x80 : 0) | (p.hasStatus ? 0x01 | residualBits(p) : 0)); bhs.setUint8(3, p.status);
    bhs.setUint32(20, noTag); bhs.setUint32(36, p.dataSn); bhs.setUint32(40, p.offsetBytes); bhs.setUint32(44, p.residualBytes); } },
  logoutResponse: { opcode: 0x26, encode: (bhs: DataView, p: { response: number }) => {
    bhs.setUint8(1, 0x80); bhs.setUint8(2, p.response); } },
  readyToTransfer: { opcode: 0x31, encode: (bhs: DataView, p: {
    lun: number; targetTransferTag: number; r2tSn: number; offsetBytes: number; lengthBytes: number }) => {
    bhs.setUint8(1, 0x80); setLun(bhs, p.lun); bhs.setUint32(20, p.targetTransferTag);
    bhs.setUint32(36, p.r2tSn); bhs.setUint32(40, p.offsetBytes); bhs.setUint32(44, p.lengthBytes); } },
  asyncMessage: { opcode: 0x32, encode: (bhs: DataView, p: { event: number; parameter3: number }) => {
    bhs.setUint8(1, 0x80); bhs.setUint8(36, p.event); bhs.setUint16(42, p.parameter3); } },
  reject: { opcode: 0x3f, encode: (bhs: DataView, p: { reason: number }) => {
    bhs.setUint8(1, 0x80); bhs.setUint8(2, p.reason); } },
} as const;

type TargetTable = typeof targetPdu;
export type TargetKind = keyof TargetTable;
export type TargetPdu = {
  [K in TargetKind]: {
    readonly kind: K;
    readonly tag: number;
    readonly data?: Uint8Array | undefined;
  } & SequenceNumbers &
    Readonly<Parameters<TargetTable[K]['encode']>[1]>;
}[TargetKind];
