/**
 * Operational keys of the login (RFC 7143 §13): one line each with its type, our wish and when it is out of place. The
 * result of a negotiation follows from the line alone.
 */
import type { KeyValue } from './text-keys.ts';

/** What a connection has agreed on; the values before any negotiation are the standard's defaults. */
export interface Parameters {
  readonly headerDigest: boolean;
  readonly dataDigest: boolean;
  readonly initialR2t: boolean;
  readonly immediateData: boolean;
  /** What the initiator takes in one PDU. */
  readonly sendSegmentBytesMax: number;
  readonly maxBurstBytes: number;
  readonly firstBurstBytes: number;
  readonly outstandingR2tMax: number;
}
export const defaultParameters: Parameters = {
  headerDigest: false,
  dataDigest: false,
  initialR2t: true,
  immediateData: true,
  sendSegmentBytesMax: 8192,
  maxBurstBytes: 262_144,
  firstBurstBytes: 65_536,
  outstandingR2tMax: 1,
};

/** What we take in one PDU, declared in every login. */
export const receiveSegmentBytesMax = 262_144;

type Row = (
  | { readonly type: 'list'; readonly choices: readonly string[] }
  | { readonly type: 'or' | 'and'; readonly ours: boolean }
  | { readonly type: 'min' | 'max'; readonly ours: number; readonly from: number; readonly to: number }
  | { readonly type: 'declared'; readonly from: number; readonly to: number }
  | { readonly type: 'answered'; readonly value: string }
) & {
  /** True: means something in normal sessions only; a discovery session answers Irrelevant. */
  readonly normalOnly?: boolean;
  readonly apply?: (value: string) => Partial<Parameters>;
};

const yes = (value: string) => value === 'Yes';

// prettier-ignore
const rows: Readonly<Record<string, Row>> = {
  HeaderDigest:             { type: 'list', choices: ['CRC32C', 'None'], apply: (v) => ({ headerDigest: v === 'CRC32C' }) },
  DataDigest:               { type: 'list', choices: ['CRC32C', 'None'], apply: (v) => ({ dataDigest: v === 'CRC32C' }) },
  MaxConnections:           { type: 'min', ours: 1, from: 1, to: 65_535, normalOnly: true },
  InitialR2T:               { type: 'or', ours: false, normalOnly: true, apply: (v) => ({ initialR2t: yes(v) }) },
  ImmediateData:            { type: 'and', ours: true, normalOnly: true, apply: (v) => ({ immediateData: yes(v) }) },
  MaxRecvDataSegmentLength: { type: 'declared', from: 512, to: 0xff_ffff, apply: (v) => ({ sendSegmentBytesMax: numberOf(v) ?? 8192 }) },
  MaxBurstLength:           { type: 'min', ours: 262_144, from: 512, to: 0xff_ffff, normalOnly: true, apply: (v) => ({ maxBurstBytes: Number(v) }) },
  FirstBurstLength:         { type: 'min', ours: 262_144, from: 512, to: 0xff_ffff, normalOnly: true, apply: (v) => ({ firstBurstBytes: Number(v) }) },
  DefaultTime2Wait:         { type: 'max', ours: 2, from: 0, to: 3600 },
  DefaultTime2Retain:       { type: 'min', ours: 0, from: 0, to: 3600 },
  MaxOutstandingR2T:        { type: 'min', ours: 8, from: 1, to: 65_535, normalOnly: true, apply: (v) => ({ outstandingR2tMax: Number(v) }) },
  DataPDUInOrder:           { type: 'or', ours: true, normalOnly: true },
  DataSequenceInOrder:      { type: 'or', ours: true, normalOnly: true },
  ErrorRecoveryLevel:       { type: 'min', ours: 0, from: 0, to: 2 },
  TaskReporting:            { type: 'list', choices: ['RFC3720'], normalOnly: true },
  iSCSIProtocolLevel:       { type: 'min', ours: 1, from: 0, to: 31, normalOnly: true },
  // obsolete, still sent by initiators of RFC 3720 (§13.25)
  IFMarker:                 { type: 'answered', value: 'No' },
  OFMarker:                 { type: 'answered', value: 'No' },
  IFMarkInt:                { type: 'answered', value: 'Irrelevant' },
  OFMarkInt:                { type: 'answered', value: 'Irrelevant' },
};

/** Decimal or 0x hexadecimal (§6.1); undefined for anything else. */
function numberOf(text: string): number | undefined {
  if (!/^(0[xX][0-9a-fA-F]{1,8}|[0-9]{1,10})$/.test(text)) return undefined;
  return Number(text);
}

/** Undefined: the offer is illegal, which is answered `Reject`. */
function resultOf(row: Row, offer: string): string | undefined {
  switch (row.type) {
    case 'list':
      return offer.split(',').find((choice) => row.choices.includes(choice));
    case 'or':
    case 'and': {
      if (offer !== 'Yes' && offer !== 'No') return undefined;
      const both = row.type === 'or' ? yes(offer) || row.ours : yes(offer) && row.ours;
      return both ? 'Yes' : 'No';
    }
    case 'min':
    case 'max': {
      const value = numberOf(offer);
      if (value === undefined || value < row.from || value > row.to) return undefined;
      return String(Math[row.type](value, row.ours));
    }
    case 'declared': {
      const value = numberOf(offer);
      return value === undefined || value < row.from || value > row.to ? undefined : offer;
    }
    case 'answered':
      return row.value;
  }
}

export interface KeyOutcome {
  /** What to answer; undefined for a declaration, which has no answer. */
  readonly answer: KeyValue | undefined;
  readonly changes: Partial<Parameters>;
}

/** Negotiates one operational key as the responder. */
export function negotiate(offer: KeyValue, discovery: boolean): KeyOutcome {
  const { key, value } = offer;
  const answer = (text: string) => ({ key, value: text });
  const row = Object.hasOwn(rows, key) ? rows[key] : undefined;
  if (row === undefined) return { answer: answer('NotUnderstood'), changes: {} };
  if (row.normalOnly === true && discovery) return { answer: answer('Irrelevant'), changes: {} };
  const result = resultOf(row, value);
  if (result === undefined) return { answer: answer('Reject'), changes: {} };
  return { answer: row.type === 'declared' ? undefined : answer(result), changes: row.apply?.(result) ?? {} };
}
