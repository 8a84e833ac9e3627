/**
 * Linux's own initiator against the target: a virtual machine logs in, does direct I/O, discard, zeroing and ext4, once
 * plainly and once with mutual CHAP and both digests. A minute each (the machine is emulated); the first time it downloads
 * about 45 MB of Debian packages into the user's cache.
 *
 *     node e2e/iscsi/kernel.ts     closes with `N passed, N failed, N skipped`
 */
import { bootGuest, missing, prepareGuest, type Guest } from './kernel/guest.ts';
import { memoryPortal } from './portal.ts';

const sizeBytes = 256 << 20;
const logins = [
  { name: 'plain', chap: undefined, login: '', digests: '00' },
  {
    name: 'mutual CHAP and both digests',
    chap: 'joe secret-of-joe\nmutual the-target secret-of-target\n',
    login:
      '-u,joe,-w,secret-of-joe,-U,the-target,-W,secret-of-target,' +
      '--param,node.conn[0].iscsi.HeaderDigest=CRC32C,--param,node.conn[0].iscsi.DataDigest=CRC32C',
    digests: '11',
  },
] as const;

const count = { passed: 0, failed: 0, skipped: 0 };

async function tryLogin(
  guest: Guest,
  { name, chap, login, digests }: (typeof logins)[number],
): Promise<void> {
  const portal = await memoryPortal(chap === undefined ? { sizeBytes } : { sizeBytes, chap });
  const port = portal.address.slice(portal.address.lastIndexOf(':') + 1);
  const printed = await bootGuest(guest, {
    iqn: portal.iqn,
    port,
    digests,
    ...(login === '' ? {} : { login }),
  });
  await portal.stop();
  for (const [, outcome, text = ''] of printed.matchAll(/GUEST (passed|FAILED) ([^\r\n]*)/g)) {
    count[outcome === 'passed' ? 'passed' : 'failed']++;
    console.log(`${outcome}   ${name}: ${text}`);
  }
  if (printed.includes('GUEST end')) return;
  count.failed++;
  console.log(`FAILED   ${name}: the guest did not come to its end\n${printed.slice(-2000)}`);
}

const reason = await missing();
if (reason === undefined) {
  const guest = await prepareGuest();
  for (const login of logins) await tryLogin(guest, login);
} else {
  count.skipped += logins.length;
  console.log(`skipped  the kernel's initiator: ${reason}`);
}
console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
process.exitCode = count.failed === 0 ? 0 : 1;
