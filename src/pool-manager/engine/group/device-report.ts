/** What a pool says of a device. */
import type { Member } from './member.ts';

export interface DeviceReport {
  readonly name: string;
  readonly guid: string;
  /** Index of the group; −1 for log devices. */
  readonly group: number;
  /** `leaving`: another one takes its place, and has not got everything yet. */
  readonly state: Member['state'] | 'absent' | 'leaving';
  readonly reason: string | undefined;
  readonly sizeBytes: number;
  readonly goodTxg: number;
  readonly checksumErrors: number;
  readonly ioErrors: number;
  /** Why freed space is not given back to it, once that is known. */
  readonly discardUnsupported: string | undefined;
}

const reportOf = (group: number, member: Member): DeviceReport => ({
  name: member.name,
  guid: member.guid,
  group,
  state: member.device === undefined ? 'absent' : member.state,
  reason: member.reason,
  sizeBytes: member.sizeBytes,
  goodTxg: member.goodTxg,
  checksumErrors: member.checksumErrors,
  ioErrors: member.ioErrors,
  discardUnsupported: member.device?.discardUnsupported,
});

/** Of a member, and of the device whose place it takes. */
export const reportsOf = (group: number, member: Member): readonly DeviceReport[] => [
  reportOf(group, member),
  ...(member.former === undefined ? [] : [{ ...reportOf(group, member.former), state: 'leaving' as const }]),
];
