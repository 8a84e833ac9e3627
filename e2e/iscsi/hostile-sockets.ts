/** What one hostile initiator does over sockets until its time is over: slow, silent, flooding, endless, deaf, or mutated. */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Prng } from '../../src/shared/prng.ts';
import { HostileInitiator } from '../../src/testing/iscsi/hostile-initiator.ts';
import { final, frame, Header, immediate, Reader, request, textOf } from '../initiator/wire.ts';

const noDigests = { header: false, data: false };

export interface Ground {
  readonly host: string;
  readonly port: number;
  readonly iqn: string;
  readonly random: Prng;
  /** By performance.now(). */
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
export const attacks: Readonly<Record<string, (ground: Ground) => Promise<void>>> = {
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
export async function mutatedSessions(ground: Ground): Promise<void> {
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
