/** CHAP: who is let in, whom the target proves itself to, and how secrets are exchanged. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { discover, login, LoginError } from '../initiator/initiator.ts';
import { serve, type FirstLine } from '../local/local-volume.ts';
import { attempt, run } from '../shell.ts';
import { until } from '../until.ts';
import type { Check } from './check.ts';
import { memoryPortal, type Portal } from './portal.ts';
import { inFolder, qemuDisk } from './qemu.ts';

const sizeBytes = 256 << 20;
export const chapFile = 'joe secret-of-joe-1\nmutual the-target secret-of-target\n';
export const chap = { user: 'joe', secret: 'secret-of-joe-1' };
const mutual = { user: 'the-target', secret: 'secret-of-target' };

async function withChap(work: (portal: Portal) => Promise<void>): Promise<void> {
  const portal = await memoryPortal({ sizeBytes, chap: chapFile });
  try {
    await work(portal);
  } finally {
    await portal.stop();
  }
}

export const chapChecks: readonly Check[] = [
  {
    name: 'CHAP: the right secret, one way and both ways, MD5 and SHA-256',
    own: true,
    run: async () => {
      await withChap(async (portal) => {
        for (const algorithm of ['md5', 'sha256'] as const)
          for (const more of [{}, { mutual }]) {
            const session = await login({
              portal: portal.address,
              target: portal.iqn,
              chap: { ...chap, ...more, algorithm },
            });
            await session.logout();
            await discover({ portal: portal.address, chap: { ...chap, ...more, algorithm } });
          }
      });
    },
  },
  {
    name: 'CHAP: wrong secret, wrong user, none: authentication failure, for libiscsi and QEMU too',
    own: true,
    tool: 'iscsi-inq',
    run: async () => {
      await withChap(async (portal) => {
        const refusal = (wrong?: typeof chap) =>
          login({ portal: portal.address, target: portal.iqn, chap: wrong }).then(
            () => assert.fail('logged in'),
            (error: unknown) => error instanceof LoginError && `${error.statusClass}/${error.statusDetail}`,
          );
        assert.equal(await refusal({ ...chap, secret: 'something-else' }), '2/1');
        assert.equal(await refusal({ ...chap, user: 'jim' }), '2/1');
        assert.equal(await refusal(), '2/1');
        const url = (user: string) => portal.url.replace('iscsi://', `iscsi://${user}@`);
        await run(['iscsi-inq', url('joe%secret-of-joe-1')]);
        const wrong = await attempt(['iscsi-inq', url('joe%secret-of-jim-1')]);
        assert.match(wrong.stdout + wrong.stderr, /Authentication failure\(513\)/);
        const none = await attempt(['qemu-io', '--image-opts', '-c', 'read 0 4k', qemuDisk(portal)]);
        assert.notEqual(none.status, 0);
        await inFolder(async (folder) => {
          const file = join(folder, 'secret');
          await writeFile(file, chap.secret, { mode: 0o600 });
          const disk = qemuDisk(portal, `,file.user=joe,file.password-secret=s0`);
          await run([
            'qemu-io',
            '--object',
            `secret,id=s0,file=${file}`,
            '--image-opts',
            '-c',
            'write -P 3 0 4k',
            disk,
          ]);
        });
      });
    },
  },
  {
    name: 'CHAP: a target that does not know the mutual secret is not believed',
    own: true,
    run: async () => {
      await withChap(async (portal) => {
        const wrong = { ...chap, mutual: { ...mutual, secret: 'what-it-does-not-know' } };
        await assert.rejects(
          login({ portal: portal.address, target: portal.iqn, chap: wrong }),
          /did not prove itself/,
        );
      });
    },
  },
  {
    name: 'CHAP: secrets are exchanged while the target runs, both ways, and the old ones are wrong in the end',
    own: true,
    run: () =>
      inFolder(async (folder) => {
        const file = join(folder, 'chap');
        const older = `${chap.user} ${chap.secret}\nmutual ${mutual.user} ${mutual.secret}\n`;
        const newer = `mutual ${mutual.user} new-of-target\n${chap.user} new-of-joe-1\n`;
        await writeFile(file, older, { mode: 0o600 });
        const argv = [
          'target',
          '--memory',
          String(sizeBytes),
          '--listen',
          '127.0.0.1:0',
          '--chap-file',
          file,
        ];
        const target = await serve<FirstLine>(argv, join(folder, 'log'));
        const { portal, iqn } = target.line;
        const comesIn = (secret: string, proof: string) =>
          login({
            portal,
            target: iqn,
            chap: { ...chap, secret, mutual: { ...mutual, secret: proof } },
          }).then(
            async (session) => {
              await session.logout();
              return true;
            },
            () => false,
          );
        const [was, is] = [
          () => comesIn(chap.secret, mutual.secret),
          () => comesIn('new-of-joe-1', 'new-of-target'),
        ];
        assert.deepEqual([await was(), await is()], [true, false]);
        await writeFile(file, older + newer);
        await until('the new secret', 20_000, async () => ((await is()) ? {} : 'it is refused'));
        assert.deepEqual([await was(), await is()], [true, true]);
        assert.equal(await comesIn('new-of-joe-1', mutual.secret), false);
        await writeFile(file, newer);
        await until('the end of the old secret', 20_000, async () => ((await was()) ? 'it is right' : {}));
        assert.equal(await is(), true);
        assert.equal(await target.stop(), 0);
      }),
  },
];
