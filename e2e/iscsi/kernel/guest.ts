/** A virtual machine with Debian's kernel and open-iscsi: software emulation, reached by commands over user networking. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { connect } from 'node:net';
import { until } from '../../until.ts';
import type { Disks } from './disks.ts';
import type { Emulator, Kernel } from './packages.ts';

/** What the guest calls this machine. */
export const machine = '10.0.2.2';

export interface GuestOptions {
  readonly emulator: Emulator;
  readonly kernel: Kernel;
  readonly disks: Disks;
  /** Of this machine: for commands. The next one leads to csi-node's socket. */
  readonly port: number;
  readonly console: string;
}

/** A script in the guest that did not end with 0. */
export class GuestError extends Error {
  override readonly name = 'GuestError';
  readonly status: number;
  readonly output: string;
  constructor(script: string, status: number, output: string) {
    super(`guest: ${script.trim().slice(0, 300)}\nexit status ${status}: ${output.trim().slice(-1500)}`);
    this.status = status;
    this.output = output;
  }
}

export class Guest {
  readonly #qemu: ChildProcess;
  readonly #port: number;

  private constructor(qemu: ChildProcess, port: number) {
    this.#qemu = qemu;
    this.#port = port;
  }

  /** Resolves when it answers commands. What it writes to its own disks is gone with it. */
  static async boot({ emulator, kernel, disks, port, console }: GuestOptions): Promise<Guest> {
    // However this process ends, the machine ends with it.
    const args = ['--pdeathsig', 'KILL', '--', ...emulator.command];
    const name = randomUUID();
    const forwards = [1, 2].map((to) => `,hostfwd=tcp:127.0.0.1:${port + to - 1}-:${to}`).join('');
    const drives = disks.files.flatMap((path) => ['-drive', `file=${path},if=virtio,format=raw,snapshot=on`]);
    const words = (text: string) => text.split(' ');
    args.push(
      ...words('-accel tcg,thread=multi -cpu max -smp 2 -m 1024 -nographic -no-reboot'),
      ...words(`-netdev user,id=n${forwards} -device virtio-net-pci,netdev=n,romfile=`),
      ...drives,
      ...words(`-kernel ${kernel.image} -initrd ${disks.initramfs} -append`),
      `console=ttyS0 quiet panic=-1 printk.time=1 caskade.run=${name}`,
    );
    const qemu = spawn('setpriv', args, { env: emulator.env, stdio: ['ignore', 'pipe', 'pipe'] });
    const log = createWriteStream(console);
    qemu.stdout.pipe(log);
    qemu.stderr.pipe(log);
    const guest = new Guest(qemu, port);
    try {
      await until('the guest answers', 150_000, async () => {
        if (qemu.exitCode !== null) return `the emulator ended with ${qemu.exitCode}, see ${console}`;
        const told = await guest.run('cat /proc/cmdline', 5_000);
        return told.includes(`caskade.run=${name}\n`) ? {} : `another guest has port ${port}`;
      });
    } catch (error) {
      await guest.stop();
      throw error;
    }
    return guest;
  }

  /** Runs a script of bash; answers its output and errors. Throws GuestError unless it ends with 0. */
  async run(script: string, timeoutMs = 120_000): Promise<string> {
    const { status, output } = await this.attempt(script, timeoutMs);
    if (status !== 0) throw new GuestError(script, status, output);
    return output;
  }

  /** Answers whatever its exit status was; -1 when the guest did not say in time. */
  async attempt(script: string, timeoutMs = 120_000): Promise<{ status: number; output: string }> {
    const socket = connect(this.#port, '127.0.0.1');
    // The guest ends a script that takes longer; one that it can not end is left alone.
    const timer = setTimeout(() => socket.destroy(), timeoutMs + 3_000);
    let printed = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    // How it broke shows in what is missing at the end.
    socket.on('error', () => undefined);
    socket.end(`${Math.ceil(timeoutMs / 1000)}\n${script}\n`);
    await once(socket, 'close');
    clearTimeout(timer);
    const [, output = printed, status = '-1'] = /^([^]*)exit status (\d+)\n$/.exec(printed) ?? [];
    return { status: Number(status), output };
  }

  async stop(): Promise<void> {
    if (this.#qemu.exitCode !== null || this.#qemu.signalCode !== null) return;
    const ended = once(this.#qemu, 'exit');
    this.#qemu.kill('SIGKILL');
    await ended;
  }
}
