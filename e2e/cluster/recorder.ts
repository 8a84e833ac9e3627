/**
 * The writer that the faults are tried under. It runs inside a pod on the Node of our image, so it imports nothing but
 * Node's own modules.
 *
 *   recorder.ts write DIR STOPFILE    writes records round SLOTS files in DIR, fsync after each, until STOPFILE exists;
 *                                     stdout is the record of what was promised: one line {"n","at","ms"} after each fsync,
 *                                     {"done":n} at the end, and then it waits to be ended, so that its pod can be used to
 *                                     check. A write that fails ends it with {"error"} and status 1.
 *   recorder.ts check DIR LAST        every slot must hold the newest record up to LAST that belongs there, or the one
 *                                     that was under way when the writer stopped; {"ok":n,"bad":[…]}, status 1 if any is bad
 *
 * What record n contains follows from n alone, so nothing has to be remembered to check it.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

const slots = 200;
const recordBytes = 24 * 1024;
const pauseMs = 10;

/** The number, a keyed stream of bytes, and at the end the hash of all of it. */
function record(n: number): Buffer {
  const bytes = Buffer.alloc(recordBytes);
  for (let at = 0, block = 0; at + 32 <= recordBytes - 32; at += 32, block++)
    createHash('sha256').update(`${n} ${block}`).digest().copy(bytes, at);
  bytes.writeDoubleBE(n, 0);
  createHash('sha256')
    .update(bytes.subarray(0, -32))
    .digest()
    .copy(bytes, recordBytes - 32);
  return bytes;
}

const file = (directory: string, n: number) => join(directory, `slot-${String(n % slots).padStart(3, '0')}`);
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

/** The number of the record in a file, or why it holds none. */
function read(path: string): number | string {
  const bytes = readFileSync(path);
  if (bytes.byteLength !== recordBytes) return `${bytes.byteLength} bytes`;
  const n = bytes.readDoubleBE(0);
  return record(n).equals(bytes) ? n : `its content is not that of record ${n}`;
}

function writeOne(directory: string, n: number): void {
  const path = file(directory, n);
  const isNew = !existsSync(path);
  // In place: an overwrite is the harder case for a replica.
  const fd = openSync(path, isNew ? 'w' : 'r+');
  writeSync(fd, record(n), 0, recordBytes, 0);
  fsyncSync(fd);
  closeSync(fd);
  if (!isNew) return;
  const folder = openSync(directory, 'r');
  fsyncSync(folder);
  closeSync(folder);
}

async function write(directory: string, stopFile: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  // Started again in the same directory it goes on behind the newest record that is whole.
  const found = readdirSync(directory).map((name) => read(join(directory, name)));
  let n = Math.max(0, ...found.filter((one) => typeof one === 'number'));
  say({ from: n });
  while (!existsSync(stopFile)) {
    n++;
    const startMs = performance.now();
    try {
      writeOne(directory, n);
    } catch (error) {
      say({ error: String(error), n });
      process.exitCode = 1;
      return;
    }
    say({ n, at: Date.now(), ms: Math.round(performance.now() - startMs) });
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  say({ done: n });
  // A timer keeps the process; without a handler the first process of a container ignores SIGTERM.
  setInterval(() => undefined, 60_000);
}

function check(directory: string, last: number): void {
  const bad: string[] = [];
  for (let n = Math.max(1, last - slots + 1); n <= last; n++) {
    const path = file(directory, n);
    const found = existsSync(path) ? read(path) : 'it is missing';
    // The record after the last acknowledged one was under way: its slot may hold it, or anything between old and new.
    const underWay = (last + 1) % slots === n % slots;
    if (found !== n && !underWay) bad.push(`${path}: expected record ${n}, found ${found}`);
  }
  say({ ok: Math.min(last, slots) - bad.length, bad: bad.slice(0, 10) });
  process.exitCode = bad.length === 0 ? 0 : 1;
}

process.on('SIGTERM', () => process.exit(0));
const [mode, directory = '', argument = ''] = process.argv.slice(2);
if (mode === 'write') await write(directory, argument);
else if (mode === 'check') check(directory, Number(argument));
else throw new Error(`recorder: mode ${mode} is unknown: use write or check`);
