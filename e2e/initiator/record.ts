/**
 * What a writer knows to be true, per block: the newest write that a completed flush covers, the newest that was
 * acknowledged, and the newest that was sent at all. Sequence numbers grow over all blocks; 0 is "none".
 */
import { readFileSync, writeFileSync } from 'node:fs';

export interface WriteRecord {
  readonly seed: number;
  readonly firstBlock: number;
  readonly blocks: number;
  readonly flushed: number[];
  readonly acknowledged: number[];
  readonly sent: number[];
  /** Newest unmap that was sent: zeros are right if nothing after it is owed. */
  readonly unmapped: number[];
  /** Flushes that told of lost writes: what was only acknowledged before them is no longer owed. */
  readonly lossesTold: number;
}

export function saveRecord(path: string, record: WriteRecord): void {
  writeFileSync(path, JSON.stringify(record));
}
export function loadRecord(path: string): WriteRecord {
  return JSON.parse(readFileSync(path, 'utf8')) as WriteRecord;
}
