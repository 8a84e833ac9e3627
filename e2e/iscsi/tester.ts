/**
 * Which iscsi-test-cu is run. Debian's package (1.19.0) asserts some things against the standards, and so do others in
 * 1.20.0: that one is built from Debian's source, with libiscsi-corrections.patch, once into the user's cache.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, run } from '../shell.ts';
import { cacheRoot, download, DownloadError } from '../debian.ts';

export interface Tester {
  /** What docs and reports call it. */
  readonly name: string;
  readonly program: string;
  /** Whether what it says against the standards is corrected. */
  readonly corrected: boolean;
}

const version = '1.20.0';
const source = {
  url: `http://deb.debian.org/debian/pool/main/libi/libiscsi/libiscsi_${version}.orig.tar.gz`,
  hash: 'SHA256:6321d802103f2a363d3afd9a5ae772de0b4052c84fe6a301ecb576b34e853caa',
} as const;
const corrections = join(import.meta.dirname, 'libiscsi-corrections.patch');

/** Program that must be there to build, and the package that has it. */
const tools = [
  ['gcc', 'gcc'],
  ['make', 'make'],
  ['patch', 'patch'],
  ['autoconf', 'autoconf'],
  ['automake', 'automake'],
  ['libtoolize', 'libtool'],
  ['pkg-config', 'pkg-config'],
] as const;
const headers = ['/usr/include/CUnit/CUnit.h', 'libcunit1-dev'] as const;

export const packagedTester: Tester = {
  name: 'Debian’s iscsi-test-cu 1.19.0',
  program: 'iscsi-test-cu',
  corrected: false,
};

/** Builds it where it is not in the cache. Throws DownloadError when what that takes can not be had. */
export async function correctedTester(): Promise<Tester> {
  const patch = createHash('sha256').update(readFileSync(corrections)).digest('hex').slice(0, 8);
  const home = join(cacheRoot, `libiscsi-${version}-${patch}`);
  const program = join(home, 'bin', 'iscsi-test-cu');
  if (!existsSync(program)) await build(home);
  return { name: `iscsi-test-cu ${version} with corrections`, program, corrected: true };
}

/** The corrected one, or else the packaged one with the reason; undefined: there is none. */
export async function bestTester(): Promise<{ tester: Tester | undefined; reason: string | undefined }> {
  try {
    return { tester: await correctedTester(), reason: undefined };
  } catch (error) {
    if (!(error instanceof DownloadError)) throw error;
    const { status } = await attempt(['sh', '-c', `command -v ${packagedTester.program}`]);
    return { tester: status === 0 ? packagedTester : undefined, reason: error.message };
  }
}

async function build(home: string): Promise<void> {
  const work = `${home}.building`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  await requireTools();
  const tarball = join(work, 'libiscsi.tar.gz');
  await download(['/usr/lib/apt/apt-helper', 'download-file', source.url, tarball, source.hash], work);
  console.log(`building iscsi-test-cu ${version}`);
  await run(['tar', 'xzf', tarball, '--strip-components=1'], { cwd: work });
  await run(['patch', '-p1', '--silent', '-i', corrections], { cwd: work });
  const options = '--disable-werror --enable-test-tool --disable-manpages --disable-examples --disable-tests';
  const install = 'make -j2 -C lib install && make -j2 -C test-tool install';
  const script = `./autogen.sh && ./configure --prefix=${home} ${options} && ${install}`;
  await run(['sh', '-c', script], { cwd: work, timeoutMs: 600_000 });
  renameSync(work, join(home, 'source'));
}

async function requireTools(): Promise<void> {
  const missing: string[] = existsSync(headers[0]) ? [] : [headers[1]];
  for (const [program, debian] of tools)
    if ((await attempt(['sh', '-c', `command -v ${program}`])).status !== 0) missing.push(debian);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0) throw new DownloadError(`${missing.join(', ')} must be installed by root`);
  await download(['apt-get', 'update', '-q'], '/');
  await download(['apt-get', 'install', '-y', '-q', '--no-install-recommends', ...missing], '/');
}
