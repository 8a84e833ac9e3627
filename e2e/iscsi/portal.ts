/** The target that the suites talk to: one in memory in this process, or one given by its URL. */
import { silentLog } from '../../src/shared/log.ts';
import { parseChapFile } from '../../src/target/iscsi/chap-file.ts';
import { MemoryVolume } from '../../src/target/memory-volume.ts';
import { serveIscsi } from '../../src/target/server.ts';

export interface Portal {
  /** HOST:PORT. */
  readonly address: string;
  readonly iqn: string;
  readonly lun: number;
  /** As libiscsi and QEMU write it. */
  readonly url: string;
  stop(): Promise<void>;
}

const iqn = 'iqn.2016-09.com.openebs.cstor:e2e-iscsi';

/** `chap`: the text of a CHAP file. */
export async function memoryPortal(options: {
  readonly sizeBytes: number;
  readonly chap?: string;
}): Promise<Portal> {
  const server = await serveIscsi({
    volume: new MemoryVolume(options.sizeBytes),
    iqn,
    listen: '127.0.0.1:0',
    chap: options.chap === undefined ? undefined : parseChapFile(options.chap),
    log: silentLog,
  });
  const url = `iscsi://${server.address}/${iqn}/0`;
  return { address: server.address, iqn, lun: 0, url, stop: () => server.stop() };
}

/** From `iscsi://HOST:PORT/IQN/LUN`; everything on it is overwritten. */
export function givenPortal(url: string): Portal {
  const [, address, name, lun] = /^iscsi:\/\/([^/]+)\/([^/]+)\/(\d+)$/.exec(url) ?? [];
  if (address === undefined || name === undefined) throw new Error(`${url} is not iscsi://HOST:PORT/IQN/LUN`);
  return { address, iqn: name, lun: Number(lun), url, stop: () => Promise.resolve() };
}
