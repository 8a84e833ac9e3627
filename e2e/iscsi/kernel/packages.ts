/** Debian packages that are unpacked, not installed, into the user's cache: the emulator and the guest's kernel. */
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { attempt, run } from '../../shell.ts';
import { cacheRoot, download, DownloadError } from '../../debian.ts';

export const cache = join(cacheRoot, 'kernel-initiator');
const unpacked = join(cache, 'unpacked');
const libraries = join(unpacked, 'usr/lib/x86_64-linux-gnu');
const qemuModules = '/usr/lib/x86_64-linux-gnu/qemu';

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

/** Why this machine can not run the guest; undefined: it can. */
export async function missing(): Promise<string | undefined> {
  if (process.arch !== 'x64') return 'the guest is an x86 machine';
  if (process.getuid?.() !== 0)
    return 'root is needed to unpack the guest with its owners and device numbers';
  if ((await attempt(['sh', '-c', 'command -v apt-get && command -v dpkg-deb'])).status !== 0)
    return 'no apt-get: the guest is made of Debian packages';
  for (const [program, debian] of [
    ['mkfs.ext4', 'e2fsprogs'],
    ['setpriv', 'util-linux'],
    ['openssl', 'openssl'],
  ] as const)
    if ((await attempt(['sh', '-c', `command -v ${program}`])).status !== 0)
      return `${program} is missing: install ${debian}`;
  return undefined;
}

export interface Emulator {
  /** The program with the folders of its data. */
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

export interface Kernel {
  readonly version: string;
  readonly image: string;
  /** Its folder of modules. */
  readonly modules: string;
  readonly busybox: string;
}

/** Downloads what is not in the cache (45 MB); installs what QEMU's packages share, where it is missing. */
export async function preparePackages(): Promise<{ emulator: Emulator; kernel: Kernel }> {
  const depends = () => attempt(['apt-cache', 'depends', 'linux-image-cloud-amd64']);
  const update = ['apt-get', 'update', '-q'];
  const install = ['apt-get', 'install', '-y', '-q', '--no-install-recommends', 'qemu-system-common'];
  if ((await depends()).status !== 0) await download(update, '/');
  if (!existsSync(join(qemuModules, 'accel-tcg-x86_64.so'))) await download(install, '/');
  const kernelPackage = /Depends: (linux-image-\S+)/.exec((await depends()).stdout)?.[1];
  if (kernelPackage === undefined)
    throw new DownloadError('no download: apt knows no linux-image-cloud-amd64');
  await unpack([kernelPackage, 'busybox-static', ...qemuPackages]);
  // A relocated QEMU looks for its modules beside itself.
  const modules = join(libraries, 'qemu');
  if (!existsSync(modules)) await cp(qemuModules, modules, { recursive: true, dereference: true });
  const share = (name: string) => ['-L', join(unpacked, 'usr/share', name)];
  const version = kernelPackage.replace('linux-image-', '');
  const kernelModules = join(unpacked, 'lib/modules', version);
  const busybox = join(unpacked, 'bin/busybox');
  // Debian's package has this list, or leaves it to its installation.
  if (!existsSync(join(kernelModules, 'modules.dep')))
    await run([busybox, 'depmod', '-b', unpacked, version]);
  return {
    emulator: {
      command: [join(unpacked, 'usr/bin/qemu-system-x86_64'), ...share('qemu'), ...share('seabios')],
      env: { ...process.env, LD_LIBRARY_PATH: libraries },
    },
    kernel: {
      version,
      image: join(unpacked, 'boot', `vmlinuz-${version}`),
      modules: kernelModules,
      busybox,
    },
  };
}

async function unpack(packages: readonly string[]): Promise<void> {
  const downloads = join(cache, 'packages');
  await mkdir(downloads, { recursive: true });
  const have = await readdir(downloads);
  const wanted = packages.filter((name) => !have.some((file) => file.startsWith(`${name}_`)));
  if (wanted.length === 0) return;
  console.log(`downloading ${wanted.join(' ')}`);
  await download(['apt-get', 'download', '-q', ...wanted], downloads);
  for (const file of (await readdir(downloads)).filter((each) => !have.includes(each)))
    await run(['dpkg-deb', '-x', join(downloads, file), unpacked]);
}
