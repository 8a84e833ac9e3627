/**
 * How this process reads and writes its devices: by io_uring where there is one, else by Node's threads. CASKADE_IO=threads
 * or io_uring settles it; without it nothing depends on which one it is but the processor time.
 */
import { threadOperations, type FileOperations } from './file-operations.ts';
import { openUring } from './uring/uring-operations.ts';

export interface DeviceIo {
  readonly name: 'io_uring' | 'threads';
  readonly operations: FileOperations;
  /** Why it is not io_uring. */
  readonly why?: string;
}

const settings = ['auto', 'threads', 'io_uring'] as const;
type Setting = (typeof settings)[number];

/** Throws Error: the setting is none, or asks for an io_uring that can not be had. */
export function chooseIo(setting: string, open = openUring): DeviceIo {
  if (!isSetting(setting)) throw new Error(`CASKADE_IO is ${setting}: use ${settings.join(', ')}`);
  const uring = setting === 'threads' ? { why: 'CASKADE_IO=threads' } : open();
  if (!('why' in uring)) return { name: 'io_uring', operations: uring };
  if (setting === 'io_uring') throw new Error(`CASKADE_IO=io_uring: ${uring.why}: use auto, or threads`);
  return { name: 'threads', operations: threadOperations, why: uring.why };
}

const isSetting = (text: string): text is Setting => settings.some((setting) => setting === text);

let chosen: DeviceIo | undefined;

/** That of this process, chosen once. */
export const deviceIo = (): DeviceIo => (chosen ??= chooseIo(process.env['CASKADE_IO'] ?? 'auto'));
