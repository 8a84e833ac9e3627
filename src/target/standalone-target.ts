/** `caskade target --memory` and `--file`: one volume of this machine, without replicas. */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { blockDeviceBytes } from '../shared/edge/block-device.ts';
import { listening, parseEndpoint } from '../shared/edge/endpoint.ts';
import type { FlagValues } from '../shared/edge/flags.ts';
import { stopRequested } from '../shared/edge/shutdown.ts';
import { UsageError } from '../shared/exit-codes.ts';
import type { Log } from '../shared/log.ts';
import { parseSize } from '../shared/size.ts';
import { watchChapFile } from './chap-secrets.ts';
import { openFileVolume } from './file-volume.ts';
import { MemoryVolume } from './memory-volume.ts';
import { targetLimits, type targetCommand } from './options.ts';
import { serveIscsi } from './server.ts';
import type { Volume } from './volume.ts';

type Values = FlagValues<typeof targetCommand.flags>;

/** What is served, and how its backing is let go. */
interface Backing {
  readonly name: string;
  readonly volume: Volume;
  close(): Promise<void>;
}

/** Hands one line of JSON to `serving` once it serves; resolves after an orderly stop. */
export async function runStandalone(flags: Values, log: Log, serving: (line: string) => void): Promise<void> {
  const { listen, 'chap-file': chapFile } = flags;
  if (listen === undefined)
    throw new UsageError('option --listen is missing: give --listen HOST:PORT, like 127.0.0.1:3260');
  if (parseEndpoint(listen).kind === 'unix')
    throw new UsageError(`--listen ${listen} is no HOST:PORT: iSCSI needs one`);
  const chap =
    chapFile === undefined ? undefined : watchChapFile('--chap-file', chapFile, targetLimits.fileLookMs, log);
  const backing = await openBacking(flags);
  const iqn = flags.iqn ?? `iqn.2016-09.com.openebs.cstor:${backing.name}`;
  if (!/^(iqn|naa|eui)\.[a-z0-9.:-]+$/.test(iqn))
    throw new UsageError(`--iqn ${iqn} is no iSCSI name: give one like iqn.2016-09.com.openebs.cstor:disk`);
  const stop = stopRequested(log, targetLimits.stopMs);
  const server = await listening(
    '--listen',
    listen,
    serveIscsi({ volume: backing.volume, iqn, listen, chap: chap?.credentials, log }),
  );
  const host = server.host.includes(':') ? `[${server.host}]` : server.host;
  serving(JSON.stringify({ portal: `${host}:${server.port}`, iqn, lun: 0, pids: {}, admin: {} }));
  await stop;
  chap?.stop();
  await server.stop();
  await backing.volume.flush();
  await backing.close();
}

async function openBacking({ memory, file }: Values): Promise<Backing> {
  if ((memory === undefined) === (file === undefined))
    throw new UsageError('options --memory and --file: give one of them, or --config FILE');
  if (memory !== undefined) {
    const bytes = wholeSectors('--memory', memory, parseSize('--memory', memory));
    return { name: 'memory', volume: new MemoryVolume(bytes), close: () => Promise.resolve() };
  }
  const path = resolve(file ?? '');
  const volume = await openFileVolume(path, wholeSectors('--file', path, sizeOf(path)));
  // The name follows from the path, so that the same file is the same disk to an initiator.
  const name = `file-${createHash('sha256').update(path).digest('hex').slice(0, 8)}`;
  return { name, volume, close: () => volume.close() };
}

function sizeOf(path: string): number {
  try {
    const stat = statSync(path);
    return stat.isBlockDevice() ? blockDeviceBytes(stat) : stat.size;
  } catch (error) {
    throw new UsageError(`--file ${path} can not be read: make it first, like truncate -s 1G ${path}`, {
      cause: error,
    });
  }
}

function wholeSectors(flag: string, text: string, bytes: number): number {
  if (bytes === 0 || bytes % 4096 !== 0)
    throw new UsageError(`${flag} ${text} is ${bytes} bytes: give a multiple of 4096`);
  return bytes;
}
