/**
 * What only sockets can do to a target: slow senders, connections that are opened and forgotten, floods of logins, texts
 * without end, initiators that do not read, all at once against a `caskade target --memory` of its own. Meanwhile a disk
 * is written and verified, and the memory of the process is looked at. Then mutated sessions, against another.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { prng, type Prng } from '../../src/shared/prng.ts';
import { defaultServerLimits } from '../../src/target/server-limits.ts';
import { HostileInitiator } from '../../src/testing/iscsi/hostile-initiator.ts';
import { serve, type FirstLine } from '../local/local-volume.ts';
import { openDisk } from '../initiator/disk.ts';
import { verify } from '../initiator/verifier.ts';
import { final, frame, Header, immediate, Reader, request, textOf } from '../initiator/wire.ts';
import { startWriter } from '../initiator/writer.ts';

const noDigests = { header: false, data: false };
const volumeBytes = 64 << 20;
const attackersMax = 5;
/**
 * What the limits of the server allow: the process and what it serves, commands that run, and for each session a window of
 * commands with a first burst each, writes that are asked for, answers that are not taken.
 */
const { commandsMax, solicitedBytesMax, unsentBytesMax, runningBytesMax } = defaultServerLimits;
const perSessionBytes = commandsMax * 262_144 + solicitedBytesMax + unsentBytesMax;
const liveBytesMax = 160 * 2 ** 20 + volumeBytes + runningBytesMax + attackersMax * perSessionBytes;
/** The garbage collector lets as much again pile up before it looks at buffers. */
const rssBytesMax = 2 * liveBytesMax;

interface Ground {
  readonly host: string;
  readonly port: number;
  readonly iqn: string;
  readonly random: Prng;
  readonly until: number;
}

/** A connection whose end, however it comes, is nobody's failure. */
const open = ({ host, port }: Ground): Promise<Socket> =>
  new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once('connect', () => resolve(socket));
    socket.once('close', () => resolve(socket));
    socket.on('error', () => undefined);
  });

/** Each goes on until the time is over. */
const attacks: Readonly<Record<string, (ground: Ground) => Promise<void>>> = {
  /** One byte at a time. */
  async slowSender(ground) {
    while (performance.now() < ground.until) {
      const socket = await open(ground);
      const initiator = new HostileInitiator(ground.random);
      for (const byte of initiator.next()) {
        if (socket.destroyed || performance.now() > ground.until) break;
        socket.write(Uint8Array.of(byte));
        await sleep(5);
      }
      socket.destroy();
    }
  },
  /** Half a login, and silence. */
  async halfOpen(ground) {
    const sockets: Socket[] = [];
    while (performance.now() < ground.until) {
      const socket = await open(ground);
      socket.write(new Uint8Array(20).fill(0x43));
      sockets.push(socket);
      if (sockets.length > 20) sockets.shift()?.destroy();
      await sleep(50);
    }
    for (const socket of sockets) socket.destroy();
  },
  async loginFlood(ground) {
    const keys = textOf({ InitiatorName: 'iqn.flood:1', SessionType: 'Normal', TargetName: ground.iqn });
    while (performance.now() < ground.until) {
      const sockets = await Promise.all(Array.from({ length: 10 }, () => open(ground)));
      for (const socket of sockets) {
        const header = new Header(request.login | immediate, final | (1 << 2) | 3);
        header.u32(8, 0x8000_0000 | ground.random.below(1000)).u32(16, 1);
        socket.write(frame(header, keys, noDigests));
      }
      await sleep(20);
      for (const socket of sockets) socket.destroy();
    }
  },
  /** Login text that always continues. */
  async endlessText(ground) {
    while (performance.now() < ground.until) {
      const socket = await open(ground);
      const header = new Header(request.login | immediate, 0x40 | (1 << 2)).u32(16, 1);
      const piece = frame(header, new Uint8Array(8192).fill(0x61), noDigests);
      while (!socket.destroyed && performance.now() < ground.until) {
        socket.write(piece);
        await sleep(2);
      }
      socket.destroy();
    }
  },
  /** Reads and never takes the answers. */
  async deafReader(ground) {
    while (performance.now() < ground.until) {
      const socket = await open(ground);
      socket.pause();
      const keys = textOf({ InitiatorName: 'iqn.deaf:1', SessionType: 'Normal', TargetName: ground.iqn });
      socket.write(
        frame(
          new Header(request.login | immediate, final | (1 << 2) | 3).u32(8, 0x8000_0001).u32(16, 1),
          keys,
          noDigests,
        ),
      );
      for (let tag = 2; tag < 130 && !socket.destroyed; tag++) {
        const read = new Header(request.command, final | 0x40 | 1)
          .u32(16, tag)
          .u32(20, 1 << 20)
          .u32(24, tag - 2);
        read.bytes.set([0x28, 0, 0, 0, 0, 0, 0, 0x08, 0, 0], 32);
        socket.write(frame(read, new Uint8Array(0), noDigests));
      }
      await sleep(500);
      socket.destroy();
    }
  },
};

/** Whole sessions as against the cores. */
async function mutatedSessions(ground: Ground): Promise<void> {
  while (performance.now() < ground.until) {
    const socket = await open(ground);
    const initiator = new HostileInitiator(ground.random);
    const reader = new Reader();
    socket.on('data', (chunk: Buffer) => {
      for (const pdu of reader.push(chunk)) initiator.heard(pdu);
    });
    for (let sent = 0; sent < 60 && !socket.destroyed; sent++) {
      socket.write(initiator.next());
      // By turns, so that answers are heard.
      if (sent % 4 === 0) await sleep(1);
    }
    socket.destroy();
  }
}

function rssOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
}

interface Attacked {
  readonly failures: readonly string[];
  /** For the log. */
  readonly summary: string;
}

/** Runs `attack` against a target of its own, which must stay within its memory and then stop in order. */
async function against(
  name: string,
  { seconds, seed }: Options,
  attack: (ground: Ground, portal: string) => Promise<readonly string[]>,
): Promise<Attacked> {
  const folder = mkdtempSync(join(tmpdir(), 'caskade-attacks-'));
  const argv = ['target', '--memory', String(volumeBytes), '--listen', '127.0.0.1:0'];
  const target = await serve<FirstLine>(argv, join(folder, 'log'));
  const { portal, iqn } = target.line;
  const [host = '', port = ''] = portal.split(':');
  let rssBytes = 0;
  const watch = setInterval(() => {
    rssBytes = Math.max(rssBytes, rssOf(target.pid));
  }, 200);
  const until = performance.now() + seconds * 1000;
  const found = await attack({ host, port: Number(port), iqn, random: prng(seed), until }, portal);
  clearInterval(watch);
  const status = await target.stop();
  const rssMiB = Math.round(rssBytes / 2 ** 20);
  const failures = [
    ...found,
    ...(rssBytes > rssBytesMax ? [`${rssMiB} MiB of memory`] : []),
    ...(status === 0 ? [] : [`the target ended with ${status}, see ${folder}`]),
  ];
  if (failures.length === 0) rmSync(folder, { recursive: true });
  const summary = `sockets, ${name}: ${seconds} s, at most ${rssMiB} MiB, exit status ${status}`;
  return { failures: failures.map((failure) => `sockets, ${name}: ${failure}`), summary };
}

/** A disk is written, and verified in the end, beside all of `attacks`. */
async function withInnocentDisk(ground: Ground, portal: string, seed: number): Promise<readonly string[]> {
  const disk = await openDisk({ portal, target: ground.iqn, initiator: 'iqn.innocent:1', retryDelayMs: 10 });
  const writer = startWriter({ disk, seed, blocks: 1000, queueDepth: 8, unmapShare: 0.1 });
  await Promise.all(Object.values(attacks).map((run) => run(ground)));
  const { acknowledged } = writer.progress;
  const { problems } = await verify({ disk, record: await writer.stop() });
  await disk.close();
  return [
    ...(problems.length > 0 ? [`${problems.length} blocks of the other session are wrong`] : []),
    ...(acknowledged < 100 ? [`the other session got ${acknowledged} writes done`] : []),
  ];
}

export interface Options {
  readonly seconds: number;
  readonly seed: number;
}

/** Half of the time each; mutated sessions have a target of their own, for they may rightly overwrite what others wrote. */
export async function socketAttacks({ seconds, seed }: Options): Promise<readonly string[]> {
  const half = { seconds: seconds / 2, seed };
  const results = [
    await against('floods', half, (ground, portal) => withInnocentDisk(ground, portal, seed)),
    await against('mutated sessions', half, async (ground) => {
      await Promise.all(Array.from({ length: attackersMax - 1 }, () => mutatedSessions(ground)));
      return [];
    }),
  ];
  for (const { summary } of results) console.log(summary);
  return results.flatMap(({ failures }) => failures);
}
