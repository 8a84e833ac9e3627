/** What any portal must do for libiscsi's tools, QEMU's and our own initiator. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { openDisk } from '../initiator/disk.ts';
import { login } from '../initiator/initiator.ts';
import { startWriter } from '../initiator/writer.ts';
import { verify } from '../initiator/verifier.ts';
import { run } from '../shell.ts';
import type { Check } from './check.ts';
import type { Portal } from './portal.ts';
import { qemuIo, qemuRoundTrip } from './qemu.ts';

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

export const portalChecks: readonly Check[] = [
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
];
