/**
 * What the guest boots from: an initramfs that finds its disks; a Debian that is "the host"; the image of the roles as a
 * container on it; and, made anew each time, what is ours and changes. The first three are cached.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { run } from '../../shell.ts';
import { download } from '../../debian.ts';
import { cache, type Kernel } from './packages.ts';

const repository = join(import.meta.dirname, '../../..');

/** Of the guest's host, besides Debian's essential ones. */
const hostPackages = [
  'kmod',
  'udev',
  'mount',
  'procps',
  'socat',
  'open-iscsi',
  'multipath-tools',
  'e2fsprogs',
  'xfsprogs',
  'fio',
  'sg3-utils',
];
/** What stands between the kernel and its root disk. */
const bootModules = ['virtio_pci', 'virtio_blk', 'virtio_net', 'ext4', 'crc32c_generic', 'overlay'];

export interface Disks {
  readonly initramfs: string;
  /** In the order in which the guest has them: /dev/vda … */
  readonly files: readonly string[];
}

/** `folder` is for what is made anew. */
export async function prepareDisks(kernel: Kernel, folder: string): Promise<Disks> {
  await mkdir(cache, { recursive: true });
  const initramfs = await cached('initramfs', [kernel.version, ...bootModules, initScript], (work) =>
    buildInitramfs(kernel, work),
  );
  const layers = await readImage(folder);
  const host = await cached('host', [kernel.version, ...hostPackages], (work) => buildHost(kernel, work));
  const container = await cached('container', layers, (work) => buildContainer(folder, work));
  return { initramfs, files: [host, container, await buildOwn(folder)] };
}

const initScript = await readFile(join(import.meta.dirname, 'init'), 'utf8');

/** A file that is made in a folder of its own and renamed when complete. */
async function cached(
  name: string,
  madeOf: readonly string[],
  make: (work: string) => Promise<string>,
): Promise<string> {
  const key = createHash('sha256').update(madeOf.join('\0')).digest('hex').slice(0, 16);
  const path = join(cache, `${name}-${key}`);
  if (existsSync(path)) return path;
  console.log(`making the guest's ${name} (once)`);
  const work = await mkdtemp(join(cache, 'work-'));
  try {
    await rename(await make(work), path);
  } finally {
    await rm(work, { recursive: true });
  }
  return path;
}

async function buildInitramfs({ version, modules, busybox }: Kernel, work: string): Promise<string> {
  const root = join(work, 'root');
  for (const name of ['bin', 'proc', 'sys', 'dev', 'host'])
    await mkdir(join(root, name), { recursive: true });
  await cp(busybox, join(root, 'bin/busybox'));
  const to = join(root, 'lib/modules', version);
  for (const name of ['modules.order', 'modules.builtin'])
    await cp(join(modules, name), join(to, name), { recursive: true });
  for (const file of await filesOf(modules, bootModules))
    await cp(join(modules, file), join(to, file), { recursive: true });
  await run([busybox, 'depmod', '-b', root, version]);
  await cp(join(import.meta.dirname, 'init'), join(root, 'init'));
  await chmod(join(root, 'init'), 0o755);
  await run(['sh', '-c', `find . | ${busybox} cpio -o -H newc > ${work}/initramfs`], { cwd: root });
  return join(work, 'initramfs');
}

/** The files of modules and of what they need, by the list that depmod has left. */
async function filesOf(modules: string, names: readonly string[]): Promise<ReadonlySet<string>> {
  const lines = (await readFile(join(modules, 'modules.dep'), 'utf8')).trimEnd().split('\n');
  const needs = new Map(lines.map((line) => [line.split(':')[0] ?? '', line.match(/\S+\.ko/g) ?? []]));
  const files = new Set<string>();
  const add = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    needs.get(file)?.forEach(add);
  };
  for (const name of names) [...needs.keys()].filter((file) => basename(file, '.ko') === name).forEach(add);
  return files;
}

async function buildHost({ version, modules }: Kernel, work: string): Promise<string> {
  const archive = join(work, 'host.tar');
  const include = `--include=${hostPackages.join(',')}`;
  await download(
    ['mmdebstrap', '--variant=essential', '--skip=output/dev', include, 'bookworm', archive],
    work,
  );
  const root = join(work, 'root');
  await mkdir(root);
  await run(['tar', '-xf', archive, '-C', root]);
  await cp(modules, join(root, 'usr/lib/modules', version), { recursive: true });
  await run(['chroot', root, 'depmod', version]);
  return makeDisk(root, join(work, 'disk'), 256);
}

/** The image in `folder`; the digests of its layers but the last, which is ours. */
async function readImage(folder: string): Promise<readonly string[]> {
  const options = { cwd: repository, timeoutMs: 600_000, show: 'errors' } as const;
  await run(['make', '-s', 'image'], { ...options, env: { ...process.env, IMAGE_OUT: folder } });
  await rm(join(folder, 'oci'), { recursive: true, force: true });
  const archive = `oci-archive:${join(folder, 'caskade.tar')}`;
  await run(['skopeo', 'copy', '-q', archive, `oci:${join(folder, 'oci')}:image`], options);
  const text = await run(['skopeo', 'inspect', '--raw', `oci:${join(folder, 'oci')}:image`]);
  const { layers } = JSON.parse(text) as { layers: { digest: string }[] };
  return layers.slice(0, -1).map(({ digest }) => digest);
}

async function buildContainer(folder: string, work: string): Promise<string> {
  const bundle = join(work, 'bundle');
  await run(['umoci', 'unpack', '--image', `${join(folder, 'oci')}:image`, bundle], { timeoutMs: 300_000 });
  return makeDisk(join(bundle, 'rootfs'), join(work, 'disk'), 32);
}

/** Our layer of the image as it is now, and the scripts of the guest. */
async function buildOwn(folder: string): Promise<string> {
  const root = join(folder, 'own');
  await rm(root, { recursive: true, force: true });
  await run(['image/app.sh', join(root, 'layer')], { cwd: repository });
  await cp(join(import.meta.dirname, 'guest'), join(root, 'guest'), { recursive: true });
  return makeDisk(root, join(folder, 'own.img'), 16);
}

async function makeDisk(root: string, file: string, freeMebibytes: number): Promise<string> {
  const used = Number((await run(['du', '-sm', root])).split('\t')[0]);
  const size = `${Math.ceil(used * 1.15) + freeMebibytes}M`;
  await run(['mkfs.ext4', '-q', '-O', '^has_journal', '-d', root, file, size]);
  return file;
}
