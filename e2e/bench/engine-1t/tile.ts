/** The tile: a small pool, four fifths full, overwritten at random as often as is asked for, and closed. */
import { truncateSync, writeFileSync } from 'node:fs';
import {
  labelBytes,
  logBytesFor,
  segmentBytesFor,
  segmentsOf,
} from '../../../src/pool-manager/engine/group/geometry.ts';
import { dataUnitsOf } from '../../../src/pool-manager/engine/space/segments.ts';
import { startSubject } from '../engine/subject-process.ts';

const MiB = 2 ** 20;
const blockBytes = 4096;
const full = 0.8;

export interface TileShape {
  readonly segments: number;
  readonly segmentBytes: number;
  readonly segmentsOffset: number;
  readonly blocks: number;
}

/** 1024 segments of 4 MiB: whole pages of the table. */
const deviceBytes = 4164 * MiB;

export function tileShape(): TileShape {
  const segmentBytes = segmentBytesFor(deviceBytes);
  const logBytes = logBytesFor(deviceBytes);
  const segments = segmentsOf(deviceBytes, logBytes, segmentBytes);
  const dataUnits = dataUnitsOf({ segmentUnits: segmentBytes / blockBytes, rowUnits: 4 });
  const blocks = Math.floor((segments * dataUnits * full) / 256) * 256;
  return { segments, segmentBytes, segmentsOffset: labelBytes + logBytes, blocks };
}

/** `rounds`: how often each block is overwritten on average. */
export async function makeTile(path: string, rounds: number): Promise<void> {
  writeFileSync(path, '');
  truncateSync(path, deviceBytes);
  const { blocks } = tileShape();
  const subject = startSubject();
  try {
    await subject.ask({ do: 'open', layout: 'stripe', groups: [[path]] });
    await subject.ask({ do: 'volume', sizeBytes: blocks * blockBytes });
    await subject.ask({ do: 'sequentialWrite', bytes: blocks * blockBytes });
    for (let done = 0; done < rounds * blocks;)
      done += (await subject.ask({ do: 'randomWrite', seconds: 2 })).operations;
    await subject.ask({ do: 'settle' });
    await subject.ask({ do: 'close' });
  } finally {
    await subject.stop();
  }
}
