/** The interface of `caskade local` (and of `caskade target --memory|--file`), case by case. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { login, type LoginOptions } from '../initiator/initiator.ts';
import { provide } from '../debian.ts';
import { attempt } from '../shell.ts';
import { until } from '../until.ts';
import {
  command,
  gone,
  healthy,
  identical,
  inFolder,
  isAlive,
  restart,
  serve,
  startArgv,
  startLocal,
  statusOf,
  type FirstLine,
} from './local-volume.ts';
import type { Check } from './suite.ts';

const block = (fill: number, blocks = 1) => Buffer.alloc(4096 * blocks, fill);

/** Says where they begin to differ, instead of printing both. */
function same(actual: Uint8Array, expected: Uint8Array): void {
  assert.equal(actual.length, expected.length);
  const at = expected.findIndex((byte, i) => actual[i] !== byte);
  assert.equal(at, -1, `byte ${at} is ${actual[at]}, not ${expected[at]}`);
}

/** Logs in, works, logs out. */
async function withDisk(
  { portal, iqn }: Pick<FirstLine, 'portal' | 'iqn'>,
  work: (disk: Awaited<ReturnType<typeof login>>) => Promise<void>,
  more: Partial<LoginOptions> = {},
): Promise<void> {
  const disk = await login({ portal, target: iqn, ...more });
  await work(disk);
  await disk.logout();
}

/** One line that holds all of `words`, nothing on stdout, exit status 2. */
async function refuses(argv: readonly string[], ...words: readonly string[]): Promise<void> {
  const { status, stdout, stderr } = await command(...argv);
  assert.equal(status, 2, `exit status of ${argv.join(' ')}: ${stderr}`);
  assert.equal(stdout, '');
  const lines = stderr.trimEnd().split('\n');
  assert.equal(lines.length, 1, `one line: ${stderr}`);
  for (const word of words) assert.ok(lines[0]?.includes(word), `${JSON.stringify(lines[0])} names ${word}`);
}

const firstLine: Check = {
  name: 'local: the first line, the pids, I/O at once, SIGTERM',
  run: () =>
    inFolder(async (folder) => {
      const local = await startLocal(folder);
      const { portal, iqn, lun, pids, admin } = local.line;
      assert.deepEqual(Object.keys(local.line), ['portal', 'iqn', 'lun', 'pids', 'admin']);
      assert.match(portal, /^127\.0\.0\.1:[1-9]\d*$/);
      assert.match(iqn, /^iqn\.2016-09\.com\.openebs\.cstor:[a-z0-9.-]+$/);
      assert.equal(lun, 0);
      assert.deepEqual(Object.keys(pids.pools), ['pool-1', 'pool-2', 'pool-3']);
      assert.deepEqual(Object.keys(admin).toSorted(), ['pool-1', 'pool-2', 'pool-3', 'target']);
      const children = [pids.target, ...Object.values(pids.pools)];
      for (const pid of children)
        assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), new RegExp(`PPid:\\s+${local.pid}\\b`));
      for (const path of Object.values(admin)) assert.ok(statSync(path).isSocket(), path);
      await withDisk(local.line, async (disk) => {
        assert.equal((await disk.capacity()).sizeBytes, 64 * 2 ** 20);
        await disk.write(8192, block(7, 2));
        same(await disk.read(4096, 4 * 4096), Buffer.concat([block(0), block(7, 2), block(0)]));
      });
      assert.equal(await local.stop(), 0);
      assert.deepEqual(children.filter(isAlive), []);
      assert.equal(local.later.length, 1, 'nothing on stdout after the first line');
      for (const line of local.log().trimEnd().split('\n')) JSON.parse(line);
    }),
};

const comesBack: Check = {
  name: 'local: started again on the same D it has the data, with or without --replicas and --size',
  run: () =>
    inFolder(async (folder) => {
      const first = await startLocal(folder, { replicas: 2 });
      await withDisk(first.line, async (disk) => {
        await disk.write(0, block(1));
        await disk.write(4096 * 100, block(2));
        await disk.flush();
      });
      assert.equal(await first.stop(), 0);
      for (const argv of [
        startArgv(join(folder, 'd'), { replicas: 2, size: '65536Ki' }),
        ['local', '--dir', join(folder, 'd'), '--listen', '127.0.0.1:0'],
      ]) {
        const again = await serve<FirstLine>(argv, join(folder, 'log'));
        assert.equal(again.line.iqn, first.line.iqn);
        await withDisk(again.line, async (disk) => {
          same(await disk.read(0, 8192), Buffer.concat([block(1), block(0)]));
          same(await disk.read(4096 * 100, 4096), block(2));
        });
        assert.equal(await again.stop(), 0);
      }
    }),
};

const children: Check = {
  name: 'local: a child that dies stays dead until restart; status says so',
  run: () =>
    inFolder(async (folder) => {
      const local = await startLocal(folder);
      const dir = join(folder, 'd');
      const status = await healthy(dir);
      assert.deepEqual(Object.keys(status), ['state', 'epoch', 'replicas']);
      assert.ok(status.epoch >= 1);
      assert.deepEqual(
        status.replicas.map((replica) => [
          Object.keys(replica),
          replica.name,
          replica.state,
          replica.rebuild,
        ]),
        ['pool-1', 'pool-2', 'pool-3'].map((name) => [
          ['name', 'state', 'number', 'rebuild'],
          name,
          'Healthy',
          null,
        ]),
      );

      process.kill(local.line.pids.pools['pool-2'] ?? 0, 'SIGKILL');
      const degraded = await until(
        'pool-2 offline',
        10_000,
        async () => {
          const now = await statusOf(dir);
          return now.replicas[1]?.state === 'Offline' ? now : JSON.stringify(now);
        },
        100,
      );
      assert.equal(degraded.state, 'Degraded');
      assert.equal(degraded.replicas[0]?.state, 'Healthy');
      await withDisk(local.line, (disk) => disk.write(0, block(5)));
      const pid = await restart(dir, 'pool-2');
      assert.ok(isAlive(pid));
      await healthy(dir);

      process.kill(local.line.pids.target, 'SIGKILL');
      const offline = await until(
        'target gone',
        10_000,
        async () => {
          const now = await statusOf(dir);
          return now.state === 'Offline' ? now : JSON.stringify(now);
        },
        100,
      );
      assert.equal(offline.epoch, degraded.epoch, 'pools know the epoch');
      assert.equal(local.process.exitCode, null, 'the command stays up');
      await restart(dir, 'target');
      const { epoch } = await healthy(dir);
      assert.ok(epoch > degraded.epoch);
      await withDisk(local.line, async (disk) => {
        same(await disk.read(0, 4096), block(5));
      });

      const table = await command('local', 'status', '--dir', dir);
      assert.match(
        table.stdout,
        /^volume Healthy, epoch \d+\nREPLICA +STATE +NUMBER +REBUILD\npool-1 +Healthy +\d+ +-\n/,
      );
      assert.equal(await local.stop(), 0);
    }),
};

const restartsLiving: Check = {
  name: 'local: restart of a living process ends it in order first',
  run: () =>
    inFolder(async (folder) => {
      const local = await startLocal(folder);
      const dir = join(folder, 'd');
      const before = local.line.pids.pools['pool-1'] ?? 0;
      const pid = await restart(dir, 'pool-1');
      assert.notEqual(pid, before);
      assert.equal(isAlive(before), false);
      await healthy(dir);
      assert.equal(await local.stop(), 0);
    }),
};

const orphans: Check = {
  name: 'local: children of a killed command are gone within 2 s, and D can be used at once',
  run: () =>
    inFolder(async (folder) => {
      const local = await startLocal(folder);
      const { pids } = local.line;
      await withDisk(local.line, async (disk) => {
        await disk.write(0, block(9));
        await disk.flush();
      });
      await local.kill();
      const again = startLocal(folder);
      await gone([pids.target, ...Object.values(pids.pools)], 2_000);
      const { line, stop } = await again.then((a) => ({ line: a.line, stop: () => a.stop() }));
      await withDisk(line, async (disk) => {
        same(await disk.read(0, 4096), block(9));
      });
      assert.equal(await stop(), 0);
    }),
};

const wrongFlags: Check = {
  name: 'local: wrong flags are refused by one line and exit status 2',
  run: () =>
    inFolder(async (folder) => {
      const dir = join(folder, 'd');
      const start = (options: Parameters<typeof startArgv>[1]) => startArgv(dir, options);
      await refuses(['local'], '--dir', 'give --dir D');
      await refuses(['local', '--dir', dir], '--listen');
      await refuses(['local', '--dir', dir, '--listen', '127.0.0.1:0', '--size', '64M'], '--replicas');
      await refuses(['local', '--dir', dir, '--listen', '127.0.0.1:0', '--replicas', '1'], '--size');
      await refuses(start({ replicas: 0 }), '--replicas 0', '1 to 5');
      await refuses(start({ replicas: 6 }), '--replicas 6', '1 to 5');
      await refuses(start({ size: '64X' }), '--size 64X', '64M');
      await refuses(start({ size: '4K' }), '--size 4K', '1Mi');
      await refuses(start({ listen: '3260' }), '--listen 3260', 'HOST:PORT');
      await refuses(
        start({ listen: '192.0.2.1:3260' }),
        '--listen 192.0.2.1:3260',
        'no address of this machine',
      );
      await refuses(start({ more: ['--layout', 'raidz'] }), '--layout raidz', 'stripe or mirror');
      await refuses(start({ more: ['--devices-per-pool', '0'] }), '--devices-per-pool 0');
      await refuses(start({ more: ['--colour', 'red'] }), '--colour', '--help');
      await refuses(start({ more: ['pool-1'] }), 'pool-1');
      assert.deepEqual(
        readdirSync(dir).filter((name) => name !== 'lock'),
        [],
        'nothing was made',
      );

      const busy = createServer();
      await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
      const address = busy.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      await refuses(start({ listen: `127.0.0.1:${port}` }), `--listen 127.0.0.1:${port}`, 'in use');
      busy.close();

      writeFileSync(join(folder, 'chap'), 'user long-enough-secret\n', { mode: 0o600 });
      const withChap = start({ more: ['--chap-file', join(folder, 'chap')] });
      chmodSync(join(folder, 'chap'), 0o644);
      await refuses(withChap, `--chap-file ${join(folder, 'chap')}`, 'mode 644', 'chmod 600');
      chmodSync(join(folder, 'chap'), 0o600);
      writeFileSync(join(folder, 'chap'), 'only-a-user\n');
      await refuses(withChap, '--chap-file', 'line 1');
      await refuses(start({ more: ['--chap-file', '/nowhere'] }), '--chap-file /nowhere');

      mkdirSync(join(folder, 'home'));
      writeFileSync(join(folder, 'home', 'letter.txt'), '');
      await refuses(startArgv(join(folder, 'home')), `--dir`, 'letter.txt', 'empty folder');
      await refuses(['local', 'status', '--dir', join(folder, 'none')], '--dir', 'is not there');
      await refuses(['local', 'restart', '--dir', dir], 'NAME');
    }),
};

const otherVolume: Check = {
  name: 'local: a D that holds another volume, or is in use, is refused by exit status 2; none running is 1',
  run: () =>
    inFolder(async (folder) => {
      const dir = join(folder, 'd');
      const local = await startLocal(folder, { replicas: 1 });
      await refuses(startArgv(dir, { replicas: 1 }), `--dir ${dir}`, 'in use');
      await refuses(['local', 'restart', '--dir', dir, 'pool-2'], 'NAME pool-2', 'pool-1, target');
      assert.equal(await local.stop(), 0);
      await refuses(startArgv(dir, { replicas: 3 }), '--replicas 3', '--replicas 1');
      await refuses(startArgv(dir, { replicas: 1, size: '1G' }), '--size 1G', '--size 64Mi');
      for (const argv of [
        ['status', '--dir', dir],
        ['restart', '--dir', dir, 'pool-1'],
        ['verify', '--dir', dir],
      ]) {
        const { status, stdout, stderr } = await command('local', ...argv);
        assert.deepEqual([status, stdout], [1, '']);
        assert.match(stderr, /^caskade: no caskade local runs in .*\n$/);
      }
    }),
};

const chap: Check = {
  name: 'local: CHAP one way and mutual; a changed file holds for the next login',
  run: () =>
    inFolder(async (folder) => {
      const file = join(folder, 'chap');
      writeFileSync(file, 'alice alice-secret-1\nmutual target target-secret\n', { mode: 0o600 });
      const { line } = await startLocal(folder, { replicas: 1, more: ['--chap-file', file] });
      const alice = { user: 'alice', secret: 'alice-secret-1' };
      const nothing = () => Promise.resolve();
      await assert.rejects(withDisk(line, nothing), { name: 'LoginError' });
      await assert.rejects(withDisk(line, nothing, { chap: { ...alice, secret: 'wrong-secret-1' } }), {
        name: 'LoginError',
      });
      await withDisk(line, nothing, { chap: alice });
      await withDisk(line, nothing, {
        chap: { ...alice, mutual: { user: 'target', secret: 'target-secret' } },
      });
      writeFileSync(file, 'bob bobs-own-secret\n');
      await until('the new file is in force', 10_000, async () => {
        await withDisk(line, nothing, { chap: { user: 'bob', secret: 'bobs-own-secret' } });
        return {};
      });
      await assert.rejects(withDisk(line, nothing, { chap: alice }), { name: 'LoginError' });
    }),
};

const layouts: Check = {
  name: 'local: layouts, devices per pool, and a D whose path is too long for sockets',
  run: () =>
    inFolder(async (folder) => {
      for (const [i, more] of [
        ['--layout', 'mirror'],
        ['--layout', 'mirror', '--devices-per-pool', '3'],
        ['--devices-per-pool', '4'],
      ].entries()) {
        const under = join(folder, String(i).repeat(i === 0 ? 100 : 1));
        mkdirSync(under);
        const local = await startLocal(under, { replicas: 1, more });
        const devices = readdirSync(join(under, 'd', 'pool-1')).map((name) =>
          statSync(join(under, 'd', 'pool-1', name)),
        );
        assert.equal(devices.length, [2, 3, 4][i]);
        assert.equal(devices[0]?.size, [128, 128, 32].map((mib) => mib * 2 ** 20)[i]);
        await withDisk(local.line, (disk) => disk.write(0, block(3, 16)));
        assert.equal((await healthy(join(under, 'd'))).replicas.length, 1);
        assert.equal(await local.stop(), 0);
      }
    }),
};

const replicas: Check = {
  name: 'local: verify compares, read-replica keeps, what each replica holds',
  run: () =>
    inFolder(async (folder) => {
      const dir = join(folder, 'd');
      const local = await startLocal(folder, { size: '16M' });
      const image = Buffer.alloc(16 * 2 ** 20);
      await withDisk(local.line, async (disk) => {
        for (const at of [0, 5, 6, 7, 1000, 4095]) {
          image.fill(at + 1, at * 4096, (at + 1) * 4096);
          await disk.write(at * 4096, image.subarray(at * 4096, (at + 1) * 4096));
        }
        await disk.write(512 * 3, image.subarray(512, 1024));
        image.copy(image, 512 * 3, 512, 1024);
        await disk.unmap(6 * 4096, 4096);
        image.fill(0, 6 * 4096, 7 * 4096);
        await disk.flush();
      });
      await healthy(dir);
      const sha256 = createHash('sha256').update(image).digest('hex');
      assert.equal(await identical(dir), sha256);
      const table = await command('local', 'verify', '--dir', dir);
      assert.match(table.stdout, /all replicas are byte for byte the same/);
      for (const pool of ['pool-1', 'pool-3']) {
        const out = join(folder, `${pool}.raw`);
        const { status } = await command('local', 'read-replica', '--dir', dir, pool, '--out', out);
        assert.equal(status, 0);
        assert.ok(readFileSync(out).equals(image), pool);
      }
      await refuses(['local', 'read-replica', '--dir', dir, 'pool-9', '--out', '/dev/null'], 'NAME pool-9');
    }),
};

const standalone: Check = {
  name: 'target --memory and --file: the same line, the same exit statuses',
  run: () =>
    inFolder(async (folder) => {
      const log = join(folder, 'log');
      const memory = await serve<FirstLine>(['target', '--memory', '16M', '--listen', '127.0.0.1:0'], log);
      assert.deepEqual(Object.keys(memory.line), ['portal', 'iqn', 'lun', 'pids', 'admin']);
      await withDisk(memory.line, async (disk) => {
        await disk.write(4096, block(4));
        same(await disk.read(0, 8192), Buffer.concat([block(0), block(4)]));
      });
      await refuses(['target', '--memory', '1M', '--listen', memory.line.portal], '--listen', 'in use');
      assert.equal(await memory.stop(), 0);

      const file = join(folder, 'disk');
      const argv = ['target', '--file', file, '--listen', '127.0.0.1:0', '--iqn', 'iqn.2020-01.example:disk'];
      await refuses(argv, `--file ${file}`, 'truncate');
      writeFileSync(file, '');
      truncateSync(file, 2 ** 20);
      for (const fill of [1, 2]) {
        const served = await serve<FirstLine>(argv, log);
        assert.equal(served.line.iqn, 'iqn.2020-01.example:disk');
        await withDisk(served.line, async (disk) => {
          assert.equal((await disk.read(0, 4096))[0], fill - 1, 'what was written before');
          await disk.write(0, block(fill));
        });
        assert.equal(await served.stop(), 0);
      }
      assert.equal(readFileSync(file)[0], 2);

      await refuses(['target', '--memory', '1M'], '--listen');
      await refuses(['target', '--listen', '127.0.0.1:0'], '--memory');
      await refuses(['target', '--memory', '1M', '--file', file, '--listen', '127.0.0.1:0'], '--memory');
      await refuses(['target', '--memory', '1X', '--listen', '127.0.0.1:0'], '--memory 1X');
      await refuses(['target', '--memory', '1M', '--listen', '127.0.0.1:0', '--iqn', 'disk'], '--iqn disk');
      await refuses(['target', '--config', join(folder, 'none')], join(folder, 'none'), 'ENOENT');
    }),
};

const noQemu = await provide({ 'qemu-io': 'qemu-utils' });

const qemu: Check = {
  name: 'local: qemu-io writes and reads patterns on three replicas',
  skip: noQemu,
  run: () =>
    inFolder(async (folder) => {
      const { line } = await startLocal(folder);
      const url = `iscsi://${line.portal}/${line.iqn}/0`;
      const commands = [
        'write -P 171 1M 512k',
        'flush',
        'write -z 1M 64k',
        'read -P 0 1M 64k',
        'read -P 171 1088k 448k',
      ];
      const { status, stdout, stderr } = await attempt([
        'qemu-io',
        '-f',
        'raw',
        ...commands.flatMap((c) => ['-c', c]),
        url,
      ]);
      assert.equal(status, 0, stdout + stderr);
      assert.doesNotMatch(stdout, /failed/);
      await healthy(join(folder, 'd'));
      await identical(join(folder, 'd'));
    }),
};

export const interfaceChecks: readonly Check[] = [
  firstLine,
  comesBack,
  children,
  restartsLiving,
  orphans,
  wrongFlags,
  otherVolume,
  chap,
  layouts,
  replicas,
  standalone,
  qemu,
];
