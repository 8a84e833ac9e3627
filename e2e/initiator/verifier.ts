/** Reads everything back and compares it with a writer's books. */
import { blockBytes, readBlock, type BlockContent } from './pattern.ts';
import type { WriteRecord } from './record.ts';

export interface VerifyOptions {
  /** Anything that reads: a Disk, a session, a replica's image. */
  readonly disk: { read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> };
  readonly record: WriteRecord;
  /** Whether acknowledged but unflushed writes must be there too; default present. */
  readonly acknowledged?: 'present' | 'mayBeLost' | undefined;
}

export interface VerifyProblem {
  readonly block: number;
  readonly what: 'flushedLost' | 'acknowledgedLost' | 'neverWritten' | 'torn' | 'foreign';
  readonly text: string;
}
export interface VerifyReport {
  readonly ok: boolean;
  /** Blocks compared. */
  readonly blocks: number;
  /** Of them, how many have ever been written. */
  readonly written: number;
  readonly problemCount: number;
  /** The first hundred. */
  readonly problems: readonly VerifyProblem[];
}

const blocksPerRead = 64;
const problemsShownMax = 100;

export async function verify(options: VerifyOptions): Promise<VerifyReport> {
  const { disk, record } = options;
  const problems: VerifyProblem[] = [];
  for (let first = 0; first < record.blocks; first += blocksPerRead) {
    const count = Math.min(blocksPerRead, record.blocks - first);
    const bytes = await disk.read((record.firstBlock + first) * blockBytes, count * blockBytes);
    for (let i = 0; i < count; i++) {
      const content = readBlock(
        bytes.subarray(i * blockBytes, (i + 1) * blockBytes),
        record.seed,
        record.firstBlock + first + i,
      );
      const problem = judge(content, first + i, record, options.acknowledged ?? 'present');
      if (problem !== undefined) problems.push(problem);
    }
  }
  return {
    ok: problems.length === 0,
    blocks: record.blocks,
    written: record.sent.filter((sequence) => sequence > 0).length,
    problemCount: problems.length,
    problems: problems.slice(0, problemsShownMax),
  };
}

/** What is wrong with a block, if anything; `index` counts from the record's first block. */
export function judge(
  content: BlockContent,
  index: number,
  record: WriteRecord,
  acknowledged: 'present' | 'mayBeLost',
): VerifyProblem | undefined {
  const block = record.firstBlock + index;
  if (content.what === 'torn' || content.what === 'foreign')
    return { block, what: content.what, text: content.text };
  const [flushed = 0, acked = 0, sent = 0, unmapped = 0] = [
    record.flushed[index],
    record.acknowledged[index],
    record.sent[index],
    record.unmapped[index],
  ];
  // Zeros are the state before the first write, and the state after the newest unmap.
  const sequence = content.what === 'zeros' ? unmapped : content.sequence;
  const text = `found ${content.what} ${sequence}; flushed ${flushed}, acknowledged ${acked}, sent ${sent}`;
  if (sequence > sent) return { block, what: 'neverWritten', text };
  if (sequence < flushed) return { block, what: 'flushedLost', text };
  if (sequence < acked && acknowledged === 'present') return { block, what: 'acknowledgedLost', text };
  return undefined;
}
