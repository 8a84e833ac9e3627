/** The targets that the suites talk to: in memory in this process, on replicas, Debian's tgt, or one given by its URL. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog, type Log } from '../../src/shared/log.ts';
import { parseChapFile } from '../../src/target/iscsi/chap-file.ts';
import { MemoryVolume } from '../../src/target/memory-volume.ts';
import { serveIscsi } from '../../src/target/server.ts';
import { serve, startLocal, type FirstLine } from '../local/local-volume.ts';
import { run } from '../shell.ts';
import { until } from '../until.ts';

export interface Portal {
  /** HOST:PORT. */
  readonly address: string;
  readonly iqn: string;
  readonly lun: number;
  /** As libiscsi and QEMU write it. */
  readonly url: string;
  stop(): Promise<void>;
}

const portalOf = (address: string, iqn: string, lun: number, stop: () => Promise<void>): Portal => ({
  address,
  iqn,
  lun,
  url: `iscsi://${address}/${iqn}/${lun}`,
  stop,
});

export interface MemoryPortal extends Portal {
  readonly volume: MemoryVolume;
}

/** `chap`: the text of a CHAP file; `movedTo`: HOST:PORT to which initiators are sent. */
export async function memoryPortal(options: {
  readonly sizeBytes: number;
  readonly chap?: string;
  readonly readOnly?: boolean;
  readonly movedTo?: string;
  readonly log?: Log;
}): Promise<MemoryPortal> {
  const iqn = 'iqn.2016-09.com.openebs.cstor:e2e-iscsi';
  const volume = new MemoryVolume(options.sizeBytes);
  volume.readOnly = options.readOnly ?? false;
  const server = await serveIscsi({
    volume,
    iqn,
    listen: '127.0.0.1:0',
    chap: options.chap === undefined ? undefined : parseChapFile(options.chap),
    movedTo: () => options.movedTo,
    log: options.log ?? silentLog,
  });
  return { ...portalOf(server.address, iqn, 0, () => server.stop()), volume };
}

/** `caskade target` alone on memory, or on a sparse file, of 1 GiB. */
export async function targetPortal(
  backing: 'memory' | 'file',
  env: NodeJS.ProcessEnv = {},
): Promise<Portal & { readonly pid: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'caskade-target-'));
  const image = join(folder, 'disk.img');
  writeFileSync(image, '');
  truncateSync(image, 2 ** 30);
  const backed = backing === 'file' ? ['--file', image] : ['--memory', '1G'];
  const target = await serve<FirstLine>(
    ['target', ...backed, '--listen', '127.0.0.1:0'],
    join(folder, 'log'),
    undefined,
    env,
  );
  const stop = async () => {
    await target.stop();
    rmSync(folder, { recursive: true });
  };
  return { ...portalOf(target.line.portal, target.line.iqn, target.line.lun, stop), pid: target.pid };
}

/** `caskade local` with three replicas, of 1 GiB. */
export async function localPortal(): Promise<Portal> {
  const folder = mkdtempSync(join(tmpdir(), 'caskade-conformance-'));
  const local = await startLocal(folder, { size: '1Gi' });
  return portalOf(local.line.portal, local.line.iqn, local.line.lun, async () => {
    await local.stop();
    rmSync(folder, { recursive: true });
  });
}

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });

const answers = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    }).once('error', () => resolve(false));
  });

/** tgtd takes no larger number for its control socket. */
const controlsMax = 32_768;

/** What it takes to be fast; its defaults cost it a third with large transfers. */
const tgtTuning = {
  MaxRecvDataSegmentLength: '262144',
  MaxXmitDataSegmentLength: '262144',
  FirstBurstLength: '262144',
  InitialR2T: 'No',
};

async function configureTgt(
  control: string,
  { iqn, image, tuned }: { readonly iqn: string; readonly image: string; readonly tuned: boolean },
): Promise<void> {
  const admin = (...args: readonly string[]) => run(['tgtadm', '-C', control, '--lld', 'iscsi', ...args]);
  await admin('--mode', 'target', '--op', 'new', '--tid', '1', '-T', iqn);
  const unit = ['--mode', 'logicalunit', '--tid', '1', '--lun', '1'];
  await admin(...unit, '--op', 'new', '-b', image, '--bstype', 'rdwr');
  await admin(...unit, '--op', 'update', '--params', 'thin_provisioning=1');
  for (const [name, value] of Object.entries(tuned ? tgtTuning : {}))
    await admin('--mode', 'target', '--op', 'update', '--tid', '1', '-n', name, '-v', value);
  await admin('--mode', 'target', '--op', 'bind', '--tid', '1', '-I', 'ALL');
}

/**
 * Debian's tgt on a sparse file of 1 GiB under `parent`; LUN 0 is its controller, so the disk is LUN 1. `tuned`: not as it
 * comes.
 */
export async function tgtPortal({
  parent = tmpdir(),
  tuned = false,
}: { readonly parent?: string | undefined; readonly tuned?: boolean } = {}): Promise<
  Portal & { readonly pid: number }
> {
  const folder = mkdtempSync(join(parent, 'caskade-tgt-'));
  const [image, iqn, port] = [
    join(folder, 'disk.img'),
    'iqn.2016-09.com.openebs.cstor:tgt',
    await freePort(),
  ];
  writeFileSync(image, '');
  truncateSync(image, 2 ** 30);
  await run(['mkdir', '-p', '/var/run/tgtd']);
  // The control socket is named by a number: of its own, so that another tgtd on this machine is left alone.
  const control = String(port % controlsMax);
  const process = spawn('tgtd', ['-f', '-C', control, '-t', '4', '--iscsi', `portal=127.0.0.1:${port}`], {
    stdio: 'ignore',
  });
  const ended = new Promise<void>((resolve) => {
    process.once('close', () => resolve());
  });
  const stop = async () => {
    process.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true });
  };
  try {
    await until('tgtd', 10_000, async () => ((await answers(port)) ? {} : 'does not listen'), 50);
    await configureTgt(control, { iqn, image, tuned });
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...portalOf(`127.0.0.1:${port}`, iqn, 1, stop), pid: process.pid ?? 0 };
}

/** From `iscsi://HOST:PORT/IQN/LUN`; everything on it is overwritten. */
export function givenPortal(url: string): Portal {
  const [, address, name, lun] = /^iscsi:\/\/([^/]+)\/([^/]+)\/(\d+)$/.exec(url) ?? [];
  if (address === undefined || name === undefined) throw new Error(`${url} is not iscsi://HOST:PORT/IQN/LUN`);
  return portalOf(address, name, Number(lun), () => Promise.resolve());
}
