/** Sparse files of a node that serve as devices for trying things out. */
import { mkdir, open, readdir, stat } from 'node:fs/promises';
import type { DeviceFacts } from '../checks.ts';

export interface SparseOptions {
  readonly folder: string;
  readonly sizeBytes: number;
  readonly count: number;
}

/** As the predecessor has it. */
export const sparseBytesMin = 2 ** 30;
const nameOf = (i: number) => `${i}-ndm-sparse.img`;

/** Makes the files that are missing. One that exists keeps its size and content. */
export async function makeSparseFiles({ folder, sizeBytes, count }: SparseOptions): Promise<void> {
  if (count === 0) return;
  await mkdir(folder, { recursive: true, mode: 0o755 });
  for (let i = 0; i < count; i++) {
    const handle = await open(`${folder}/${nameOf(i)}`, 'a', 0o600);
    try {
      if ((await handle.stat()).size === 0) await handle.truncate(sizeBytes);
    } finally {
      await handle.close();
    }
  }
}

/** All of them, also those that a smaller count would not make any more. */
export async function listSparseFiles(
  folder: string,
): Promise<readonly (Omit<DeviceFacts, 'signature'> & { readonly version: string })[]> {
  const files = (await readdir(folder).catch(() => [])).filter((name) => /^\d+-ndm-sparse\.img$/.test(name));
  return Promise.all(
    files.toSorted().map(async (name) => {
      const path = `${folder}/${name}`;
      const { size, mtimeMs } = await stat(path);
      return {
        name,
        path,
        number: undefined,
        type: 'sparse' as const,
        sizeBytes: size,
        logicalSectorBytes: 512,
        physicalSectorBytes: 4096,
        rotates: undefined,
        readOnly: false,
        vendor: '',
        model: '',
        serial: '',
        wwn: '',
        firmware: '',
        dmUuid: '',
        partitionUuid: '',
        parent: undefined,
        partitions: [],
        holders: [],
        linksById: [],
        linksByPath: [],
        mountPoints: [],
        isSwap: false,
        backingFile: '',
        version: String(mtimeMs),
      };
    }),
  );
}
