/** Files that stand for devices: written once from end to end, so that the file system has no first writes to pay for. */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

export function makeFile(folder: string, name: string, sizeBytes: number): string {
  const path = join(folder, name);
  execFileSync(
    'dd',
    [
      'if=/dev/zero',
      `of=${path}`,
      'bs=4M',
      `count=${Math.ceil(sizeBytes / 2 ** 22)}`,
      'oflag=direct',
      'status=none',
    ],
    { stdio: 'inherit' },
  );
  return path;
}

export function removeFiles(paths: readonly string[]): void {
  for (const path of paths) rmSync(path, { force: true });
}
