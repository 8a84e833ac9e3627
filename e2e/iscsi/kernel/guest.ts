/** A virtual machine with Debian's kernel and open-iscsi, unpacked (not installed) from packages into the user's cache. */
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { attempt, run } from '../../shell.ts';

const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'caskade', 'kernel-initiator');
const unpacked = join(cache, 'unpacked');
const libraries = join(unpacked, 'usr/lib/x86_64-linux-gnu');

/** QEMU's own, and what it links to beyond qemu-system-common. */
const qemuPackages = [
  'qemu-system-x86',
  'qemu-system-data',
  'seabios',
  'libcapstone4',
  'libfdt1',
  'libpmem1',
  'libslirp0',
  'libvdeplug2',
  'libndctl6',
  'libdaxctl1',
];
/** Taken from this machine, with their libraries. */
const tools = [
  '/sbin/iscsistart',
  '/sbin/mkfs.ext4',
  '/sbin/fsck.ext4',
  '/sbin/fstrim',
  '/sbin/blkdiscard',
  '/bin/dd',
];
/** What the guest needs of the kernel's modules. */
const moduleFolders = [
  'block',
  'crypto',
  'lib',
  'net/core',
  'arch/x86/crypto',
  'drivers/scsi',
  'drivers/virtio',
  'drivers/net',
  'fs/ext4',
  'fs/jbd2',
  'fs/mbcache.ko',
];

/** Why this machine can not run the guest; undefined: it can. */
export async function missing(): Promise<string | undefined> {
  if (process.arch !== 'x64') return 'the guest is an x86 machine';
  if ((await attempt(['sh', '-c', 'command -v apt-get dpkg-deb'])).status !== 0)
    return 'no apt-get: the guest is made of Debian packages';
  const absent = [...tools, '/usr/lib/x86_64-linux-gnu/qemu/accel-tcg-x86_64.so'].filter(
    (path) => !existsSync(path),
  );
  return absent.length === 0
    ? undefined
    : `not installed: ${absent.join(', ')} (open-iscsi, e2fsprogs, util-linux, qemu-system-common)`;
}

export interface Guest {
  readonly kernel: string;
  readonly initramfs: string;
}

/** Downloads what is not in the cache, then builds the initramfs. */
export async function prepareGuest(): Promise<Guest> {
  const kernelPackage =
    /Depends: (linux-image-\S+)/.exec(await run(['apt-cache', 'depends', 'linux-image-cloud-amd64']))?.[1] ??
    '';
  await unpack([kernelPackage, 'busybox-static', ...qemuPackages]);
  // A relocated QEMU looks for its modules beside itself.
  const modules = join(libraries, 'qemu');
  if (!existsSync(modules))
    await cp('/usr/lib/x86_64-linux-gnu/qemu', modules, { recursive: true, dereference: true });
  const version = kernelPackage.replace('linux-image-', '');
  return { kernel: join(unpacked, 'boot', `vmlinuz-${version}`), initramfs: await buildInitramfs(version) };
}

async function unpack(packages: readonly string[]): Promise<void> {
  const downloads = join(cache, 'packages');
  await mkdir(downloads, { recursive: true });
  const have = await readdir(downloads);
  const wanted = packages.filter((name) => !have.some((file) => file.startsWith(`${name}_`)));
  if (wanted.length === 0) return;
  console.log(`downloading ${wanted.join(' ')}`);
  await run(['apt-get', 'download', '-q', ...wanted], { cwd: downloads, timeoutMs: 300_000 });
  for (const file of (await readdir(downloads)).filter((each) => !have.includes(each)))
    await run(['dpkg-deb', '-x', join(downloads, file), unpacked]);
}

async function buildInitramfs(version: string): Promise<string> {
  const root = join(cache, 'root');
  const busybox = join(unpacked, 'bin/busybox');
  await rm(root, { recursive: true, force: true });
  for (const folder of ['bin', 'sbin', 'proc', 'sys', 'dev', 'mnt', 'etc', 'tmp', 'run'])
    await mkdir(join(root, folder), { recursive: true });
  await cp(busybox, join(root, 'bin/busybox'));
  for (const tool of tools) await copyTool(tool, root);
  const [from, to] = [join(unpacked, 'lib/modules', version), join(root, 'lib/modules', version)];
  for (const folder of moduleFolders)
    if (existsSync(join(from, 'kernel', folder)))
      await cp(join(from, 'kernel', folder), join(to, 'kernel', folder), { recursive: true });
  for (const name of ['modules.order', 'modules.builtin']) await cp(join(from, name), join(to, name));
  await run([busybox, 'depmod', '-b', root, version]);
  await cp(join(import.meta.dirname, 'init'), join(root, 'init'));
  await chmod(join(root, 'init'), 0o755);
  const initramfs = join(cache, 'initramfs');
  await run(['sh', '-c', `find . | ${busybox} cpio -o -H newc > ${initramfs}`], { cwd: root });
  return initramfs;
}

async function copyTool(tool: string, root: string): Promise<void> {
  await cp(tool, join(root, 'sbin', basename(tool)), { dereference: true });
  const linked = await run(['ldd', tool]);
  for (const [path] of linked.matchAll(/\/\S+/g)) {
    if (existsSync(join(root, path)) || path.endsWith(':')) continue;
    await mkdir(join(root, dirname(path)), { recursive: true });
    await cp(path, join(root, path), { dereference: true });
  }
}

/** Boots the guest, waits until it powers off, answers what it printed. `words` go to its init. */
export async function bootGuest(guest: Guest, words: Readonly<Record<string, string>>): Promise<string> {
  const append = Object.entries(words)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');
  const split = (text: string) => text.split(' ');
  const command = [
    join(unpacked, 'usr/bin/qemu-system-x86_64'),
    '-L',
    join(unpacked, 'usr/share/qemu'),
    '-L',
    join(unpacked, 'usr/share/seabios'),
    ...split('-accel tcg -cpu max -smp 1 -m 768 -nographic -no-reboot'),
    ...split('-netdev user,id=n -device virtio-net-pci,netdev=n,romfile='),
    '-kernel',
    guest.kernel,
    '-initrd',
    guest.initramfs,
    '-append',
    `console=ttyS0 quiet panic=-1 ${append}`,
  ];
  const env = { ...process.env, LD_LIBRARY_PATH: libraries };
  const { stdout, stderr } = await attempt(command, { env, timeoutMs: 600_000 });
  await writeFile(join(cache, 'console.log'), stdout + stderr);
  return stdout;
}
