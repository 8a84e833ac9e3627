/**
 * Real initiators against a target: libiscsi's tools, QEMU's, and our independent one. Without options against targets in
 * memory, libiscsi's suite against three replicas; with `--url iscsi://HOST:PORT/IQN/LUN` what needs no special target runs
 * against that one (its data is lost).
 *
 *     node e2e/iscsi/run.ts [--url URL] [--no-suite] [WORD…]     closes with `N passed, N failed, N skipped`
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDisk } from '../initiator/disk.ts';
import { discover, login, LoginError } from '../initiator/initiator.ts';
import { startWriter } from '../initiator/writer.ts';
import { verify } from '../initiator/verifier.ts';
import { attempt, run } from '../shell.ts';
import { conformance, countOf } from './conformance.ts';
import { listSuites, runTest } from './libiscsi.ts';
import { bestTester, type Tester } from './tester.ts';
import { localChecks } from './local-checks.ts';
import { socketAttacks } from './socket-attacks.ts';
import { givenPortal, localPortal, memoryPortal, type Portal } from './portal.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { url: { type: 'string' }, 'no-suite': { type: 'boolean' } },
});
const sizeBytes = 256 << 20;
const chapFile = 'joe secret-of-joe-1\nmutual the-target secret-of-target\n';
const chap = { user: 'joe', secret: 'secret-of-joe-1' };
const mutual = { user: 'the-target', secret: 'secret-of-target' };

interface Check {
  readonly name: string;
  /** Needs a target that is set up for it: not run against a given one. */
  readonly own?: boolean;
  readonly tool?: string;
  readonly run: (portal: Portal) => Promise<void>;
}

/** A block device of QEMU on the portal. */
const qemuDisk = (portal: Portal, more = '') =>
  `driver=raw,size=${16 << 20},file.driver=iscsi,file.transport=tcp,file.portal=${portal.address},file.target=${portal.iqn},` +
  `file.lun=${portal.lun},file.initiator-name=iqn.2016-09.com.openebs.csi:qemu${more}`;

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'caskade-iscsi-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Random data there and back by qemu-img, compared by qemu-img. */
const qemuRoundTrip = (portal: Portal, more = '') =>
  inFolder(async (folder) => {
    const image = join(folder, 'random.img');
    await writeFile(image, randomBytes(16 << 20));
    const source = `driver=raw,file.driver=file,file.filename=${image}`;
    const target = qemuDisk(portal, more);
    await run(['qemu-img', 'convert', '-n', '--image-opts', '--target-image-opts', source, target]);
    await run(['qemu-img', 'compare', '--image-opts', source, target]);
  });

const qemuIo = async (portal: Portal, ...commands: readonly string[]) => {
  const stdout = await run([
    'qemu-io',
    '--image-opts',
    ...commands.flatMap((command) => ['-c', command]),
    qemuDisk(portal, ',discard=unmap,file.discard=unmap'),
  ]);
  assert.doesNotMatch(stdout, /failed|error/i);
};

const ownRoundTrip = async (
  portal: Portal,
  options: { header?: boolean; data?: boolean; parameters?: Record<string, string> },
) => {
  const session = await login({
    portal: portal.address,
    target: portal.iqn,
    lun: portal.lun,
    headerDigest: options.header,
    dataDigest: options.data,
    parameters: options.parameters,
  });
  const data = randomBytes((1 << 20) + 1536);
  await session.write(512 * 7, data);
  await session.flush();
  const found = await session.read(512 * 7, data.byteLength);
  assert.equal(Buffer.compare(found, data), 0, 'read something else than was written');
  await session.logout();
};

const checks: readonly Check[] = [
  {
    name: 'iscsi-ls finds the target and its LUN',
    tool: 'iscsi-ls',
    run: async (portal) => {
      const stdout = await run(['iscsi-ls', '-s', `iscsi://${portal.address}`], { timeoutMs: 10_000 });
      assert.match(stdout, new RegExp(`Target:${portal.iqn} Portal:`));
      assert.match(stdout, /Lun:0 +Type:DIRECT_ACCESS/);
    },
  },
  {
    name: 'iscsi-inq reads the standard data and every page that is listed',
    tool: 'iscsi-inq',
    run: async (portal) => {
      assert.match(await run(['iscsi-inq', portal.url]), /Vendor:CASKADE \nProduct:Caskade volume/);
      const pages = await run(['iscsi-inq', '-e', '1', '-c', '0', portal.url]);
      const codes = [...pages.matchAll(/Page:0x([0-9a-f]+)/g)].map(([, code = '']) =>
        Number.parseInt(code, 16),
      );
      assert.deepEqual(codes, [0x00, 0x80, 0x83, 0x86, 0x8f, 0xb0, 0xb1, 0xb2]);
      // iscsi-inq itself does not know 0x86 and 0x8f
      for (const code of codes.filter((each) => each !== 0x86 && each !== 0x8f))
        await run(['iscsi-inq', '-e', '1', '-c', String(code), portal.url]);
    },
  },
  {
    name: 'iscsi-readcapacity16 reads 512 B sectors in 4096 B blocks, thin',
    tool: 'iscsi-readcapacity16',
    run: async (portal) => {
      const stdout = await run(['iscsi-readcapacity16', portal.url]);
      assert.match(stdout, /BLOCK LENGTH IN BYTES:512/);
      assert.match(stdout, /PER PHYSICAL BLOCK EXPONENT:3/);
      assert.match(stdout, /LBPME:1 LBPRZ:1/);
    },
  },
  ...['', ',file.header-digest=none', ',file.header-digest=crc32c'].map((more) => ({
    name: `qemu-img writes random data and reads it back${more.replace(',file.', ', ')}`,
    tool: 'qemu-img',
    run: (portal: Portal) => qemuRoundTrip(portal, more),
  })),
  {
    name: 'qemu-io writes, flushes, discards and zeroes at ragged places',
    tool: 'qemu-io',
    run: (portal) =>
      qemuIo(
        portal,
        'write -P 7 0 1M',
        'flush',
        'discard 64k 128k',
        'read -P 7 0 64k',
        'read -P 0 64k 128k',
        'read -P 7 192k 64k',
        'write -z 260k 3k',
        'read -P 0 260k 3k',
        'read -P 7 263k 1k',
        'write -f -P 9 1536 512',
        'read -P 7 1k 512',
        'read -P 9 1536 512',
        'read -P 7 2k 512',
        'aio_write -P 1 512k 64k',
        'aio_write -P 2 576k 64k',
        'aio_write -P 3 640k 64k',
        'aio_flush',
        'read -P 1 512k 64k',
        'read -P 2 576k 64k',
        'read -P 3 640k 64k',
      ),
  },
  ...[
    { digests: 'no digests', header: false, data: false },
    { digests: 'header digest', header: true, data: false },
    { digests: 'data digest', header: false, data: true },
    { digests: 'both digests', header: true, data: true },
  ].flatMap(({ digests, header, data }) =>
    [
      { text: 'as we wish it', parameters: {} },
      { text: 'everything asked for', parameters: { InitialR2T: 'Yes', ImmediateData: 'No' } },
      { text: 'unsolicited, not immediate', parameters: { ImmediateData: 'No', FirstBurstLength: '65536' } },
      {
        text: 'small bursts',
        parameters: { MaxRecvDataSegmentLength: '4096', FirstBurstLength: '8192', MaxBurstLength: '16384' },
      },
      { text: 'one R2T at a time', parameters: { MaxOutstandingR2T: '1', FirstBurstLength: '512' } },
    ].map(({ text, parameters }) => ({
      name: `our initiator, ${digests}, ${text}`,
      run: (portal: Portal) => ownRoundTrip(portal, { header, data, parameters }),
    })),
  ),
  {
    name: 'a writer survives twenty cut connections; every acknowledged write is there',
    run: async (portal) => {
      const disk = await openDisk({
        portal: portal.address,
        target: portal.iqn,
        lun: portal.lun,
        retryDelayMs: 10,
      });
      const writer = startWriter({
        disk,
        seed: 42,
        firstBlock: 4096,
        blocks: 3000,
        unmapShare: 0.1,
        queueDepth: 32,
      });
      for (let cut = 1; cut <= 20; cut++) {
        await writer.acknowledgedAtLeast(cut * 150);
        disk.cut();
      }
      await writer.acknowledgedAtLeast(20 * 150 + 500);
      const record = await writer.stop();
      assert.ok(disk.reconnects >= 15, `only ${disk.reconnects} reconnects`);
      const report = await verify({ disk, record });
      await disk.close();
      assert.deepEqual(report.problems, []);
    },
  },
  {
    name: 'the verifier finds a lost, a torn and a foreign block that were planted',
    run: async (portal) => {
      const disk = await openDisk({ portal: portal.address, target: portal.iqn, lun: portal.lun });
      const writer = startWriter({ disk, seed: 43, firstBlock: 8192, blocks: 16, blocksPerWriteMax: 1 });
      await writer.acknowledgedAtLeast(400);
      const record = await writer.stop();
      const at = (block: number) => (record.firstBlock + block) * 4096;
      await disk.write(at(3), new Uint8Array(4096));
      await disk.write(at(5) + 512, new Uint8Array(512));
      await disk.write(at(7), await disk.read(at(8), 4096));
      const { problems } = await verify({ disk, record });
      await disk.close();
      const found = problems.map(({ block, what }) => [block - record.firstBlock, what]);
      assert.deepEqual(found, [
        [3, 'flushedLost'],
        [5, 'torn'],
        [7, 'foreign'],
      ]);
    },
  },
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
];

/** Tests of the suite that need a target of their own. */
const ofItsOwn = (
  name: string,
  tests: readonly (readonly [string, string])[],
  options: Omit<Parameters<typeof memoryPortal>[0], 'sizeBytes'>,
  urlOf: (portal: Portal) => string,
): Check => ({
  name: `iscsi-test-cu ${name}`,
  own: true,
  run: async () => {
    if (tester === undefined) throw new Error('no tester');
    const portal = await memoryPortal({ sizeBytes, ...options });
    const listed = await listSuites(tester.program);
    for (const [suite, test] of tests) {
      if (listed.get(suite)?.includes(test) !== true) continue;
      const { outcome, text } = await runTest(tester.program, [suite, test], urlOf(portal));
      assert.equal(outcome, 'passed', text);
    }
    await portal.stop();
  },
});
const ofTester: readonly Check[] = [
  ofItsOwn(
    'ReadOnly: a read-only volume refuses every write',
    [['ReadOnly', 'ReadOnlySBC']],
    { readOnly: true },
    ({ url }) => url,
  ),
  ofItsOwn(
    'CHAP: one algorithm of many is taken, none where there is none in common',
    [
      ['iSCSICHAP', 'Simple'],
      ['iSCSICHAP', 'Invalid'],
    ],
    { chap: chapFile },
    ({ url }) => url.replace('iscsi://', `iscsi://${chap.user}%${chap.secret}@`),
  ),
];

const hostile: Check = {
  name: 'floods, slow senders, deaf readers and mutated sessions: others are served, memory is bounded',
  own: true,
  run: async () => {
    assert.deepEqual(await socketAttacks({ seconds: 20, seed: 1 }), []);
  },
};

async function withChap(work: (portal: Portal) => Promise<void>): Promise<void> {
  const portal = await memoryPortal({ sizeBytes, chap: chapFile });
  try {
    await work(portal);
  } finally {
    await portal.stop();
  }
}

const count = { passed: 0, failed: 0, skipped: 0 };
const installed = async (tool: string) => (await attempt(['sh', '-c', `command -v ${tool}`])).status === 0;
const portal =
  values.url === undefined ? await memoryPortal({ sizeBytes: 1 << 30 }) : givenPortal(values.url);

const { tester, reason } = await bestTester();
if (reason !== undefined) console.log(`the tester of libiscsi is not built: ${reason}`);
const local: readonly Check[] = localChecks.map((check) => ({ ...check, own: true }));
for (const check of [...checks, ...(tester === undefined ? [] : ofTester), hostile, ...local]) {
  if (positionals.length > 0 && !positionals.some((word) => check.name.includes(word))) continue;
  const missing = check.tool !== undefined && !(await installed(check.tool));
  if (missing || (check.own === true && values.url !== undefined)) {
    count.skipped++;
    console.log(
      `skipped  ${check.name}: ${missing ? `${check.tool} is not installed` : 'not for a given target'}`,
    );
    continue;
  }
  try {
    await check.run(portal);
    count.passed++;
    console.log(`passed   ${check.name}`);
  } catch (error) {
    count.failed++;
    console.log(
      `FAILED   ${check.name}\n    ${String(error instanceof Error ? error.stack : error).replaceAll('\n', '\n    ')}`,
    );
  }
}

/** The suite runs where the target really is: on three replicas. */
async function suiteOutcome(used: Tester) {
  if (values.url !== undefined) return conformance(used, portal, []);
  const replicated = await localPortal();
  try {
    return await conformance(used, replicated, []);
  } finally {
    await replicated.stop();
  }
}

if (values['no-suite'] !== true && positionals.length === 0) {
  if (tester === undefined) {
    count.skipped++;
    console.log('skipped  libiscsi’s suite: it can not be built, and Debian’s libiscsi-bin is not installed');
  } else {
    const { passed, failed, skipped } = countOf(await suiteOutcome(tester));
    for (const { name, outcome, text } of failed)
      console.log(`FAILED   iscsi-test-cu ${name}: ${outcome} ${text}`);
    console.log(
      `${tester.name}: ${passed.length} passed, ${failed.length} failed, ${skipped.length} known gaps`,
    );
    count.passed += passed.length;
    count.failed += failed.length;
    count.skipped += skipped.length;
  }
}
await portal.stop();
console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
process.exitCode = count.failed === 0 && count.passed > 0 ? 0 : 1;
