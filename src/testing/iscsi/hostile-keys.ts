/** Keys of logins and texts, well known and not, with values at and beyond their limits. */
import type { Prng } from '../../shared/prng.ts';
import { iqn } from '../scsi-rig.ts';

const operational: Readonly<Record<string, readonly string[]>> = {
  HeaderDigest: ['None', 'CRC32C', 'CRC32C,None', 'None,CRC32C', ''],
  DataDigest: ['None', 'CRC32C', 'CRC32C,None', 'MD4'],
  InitialR2T: ['Yes', 'No', 'Maybe'],
  ImmediateData: ['Yes', 'No'],
  MaxRecvDataSegmentLength: ['512', '8192', '262144', '16777215', '0', '511', '16777216', '-1'],
  MaxBurstLength: ['512', '16384', '262144', '16777215', 'x'],
  FirstBurstLength: ['512', '8192', '65536', '0x10000', '16777215'],
  MaxOutstandingR2T: ['1', '8', '65535', '0'],
  MaxConnections: ['1', '65535'],
  ErrorRecoveryLevel: ['0', '2'],
  DefaultTime2Wait: ['0', '3600', '3601'],
  TaskReporting: ['RFC3720', 'FastAbort'],
  iSCSIProtocolLevel: ['1', '2'],
  IFMarker: ['Yes', 'No'],
  AuthMethod: ['None', 'CHAP', 'CHAP,None'],
  CHAP_A: ['5', '7', '5,7,9'],
  'X-com.example.long': ['v'.repeat(20_000)],
};
const names = Object.keys(operational);

/** Most logins are to succeed, so that what comes after them is met; `malice` is how many are not. */
export function loginKeys(random: Prng, malice: number): Readonly<Record<string, string>> {
  const keys: Record<string, string> = {
    InitiatorName: `iqn.2016-09.com.openebs.csi:${random.pick(['a', 'b', 'c'])}`,
    SessionType: random.chance(0.95) ? 'Normal' : 'Discovery',
    TargetName: iqn,
  };
  for (let count = random.below(8); count > 0; count--) {
    const name = random.pick(names.slice(0, malice > 0 ? undefined : 6));
    const values = operational[name] ?? [''];
    keys[name] = malice > 0 ? random.pick(values) : (values[random.below(2)] ?? '');
  }
  if (random.chance(malice / 4))
    keys[random.pick(Object.keys(keys))] = random.pick(['', '\u0000', 'Reject', 'é'.repeat(300)]);
  return keys;
}

export function textKeys(random: Prng): Readonly<Record<string, string>> {
  return random.pick([
    { SendTargets: 'All' },
    { SendTargets: '' },
    { SendTargets: iqn },
    { 'X-com.example': 'v'.repeat(random.below(9000)) },
    { '': 'no key' },
    Object.fromEntries(Array.from({ length: random.below(300) }, (_, i) => [`K${i}`, String(i)])),
  ]);
}
