/** fio on a plain file, for comparison. */
import { execFileSync } from 'node:child_process';

export interface FioJob {
  readonly rw: 'read' | 'write' | 'randread' | 'randwrite' | 'randrw';
  readonly blockBytes: number;
  readonly depth: number;
  readonly seconds: number;
  /** Durable one by one: written through, or with an fdatasync after each. */
  readonly sync?: 'through' | 'flush';
}

export interface FioResult {
  readonly operationsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly cpuUsPerOperation: number;
}

interface Side {
  readonly iops: number;
  readonly bw_bytes: number;
  readonly total_ios: number;
}

/** Runs one job with O_DIRECT over the first `sizeBytes` of the file. */
export function fio(path: string, sizeBytes: number, job: FioJob): FioResult {
  const { rw, blockBytes, depth, seconds, sync } = job;
  const flags = [
    '--name=reference',
    `--filename=${path}`,
    `--size=${sizeBytes}`,
    `--rw=${rw}`,
    `--bs=${blockBytes}`,
    `--iodepth=${depth}`,
    `--runtime=${seconds}`,
    '--time_based',
    '--direct=1',
    `--ioengine=${depth === 1 ? 'psync' : 'io_uring'}`,
    '--refill_buffers',
    '--norandommap',
    '--randrepeat=0',
    '--output-format=json',
    ...(sync === 'through' ? ['--sync=dsync'] : []),
    ...(sync === 'flush' ? ['--fdatasync=1'] : []),
  ];
  const output = execFileSync('fio', flags, { encoding: 'utf8', maxBuffer: 2 ** 24 });
  // fio's own format: its documentation names these fields.
  const { jobs } = JSON.parse(output.slice(output.indexOf('{'))) as {
    jobs: { read: Side; write: Side; usr_cpu: number; sys_cpu: number; job_runtime: number }[];
  };
  const [only] = jobs;
  if (only === undefined) throw new Error('fio ran no job');
  const { read, write, usr_cpu: user, sys_cpu: system, job_runtime: runMs } = only;
  const operations = read.total_ios + write.total_ios;
  return {
    operationsPerSecond: read.iops + write.iops,
    bytesPerSecond: read.bw_bytes + write.bw_bytes,
    cpuUsPerOperation: (((user + system) / 100) * runMs * 1_000) / Math.max(1, operations),
  };
}
