/** How often a run came to each fault, rule and state: nobody should believe in what never ran. */
export const reachPoints = [
  'crash',
  'crash in a change of members',
  'power loss of all',
  'lose',
  'stop',
  'connection cut',
  'duplicate connection',
  'one-way partition',
  'partition',
  'isolate',
  'long delay',
  'reordered across links',
  'process paused',
  'machine frozen',
  'clock drifts',
  'clock beyond the bound',
  'old target awake',
  'kill',
  'newTarget',
  'message lost',
  'message repeated',
  'corruptCopy',
  'slowDisk',
  'fullPool',
  'badBlock',
  'deviceFault',
  'I/O error',
  'bit flipped',
  'write lost by the device',
  'write misdirected',
  'write lost at a crash',
  'write torn at a crash',
  'pool full',
  'pool ended by its device',
  'engine checked',
  'SCSI command',
  'SCSI unit attention',
  'SCSI busy',
  'SCSI abort task',
  'SCSI abort task set',
  'SCSI logical unit reset',
  'compared and written',
  'R5 initiator told',
  'engine: one state of many',
  'block repaired',
  'slowLink',
  'resize',
  'trigger',
  'R1 refused',
  'R1 promised again',
  'R3 copy fenced off',
  'R5 unclean report',
  'R5 lossy',
  'R7 adopted',
  'R8 started over',
  'R10 told to wait',
  'R10 renewal refused',
  'R10 target ended',
  'R11 gap refused',
  'R14 answer without lease',
  'R15 busy with a number',
  'R16 busy',
  'R17 left out as full',
  'R17 left out as slow',
  'no space',
  'membership change',
  'R32 changed',
  'R33 stale file',
  'R35 retired',
  'R18 resent',
  'R18 rebuilt',
  'R19 base kept',
  'R19 base adopted',
  'R19 base dropped',
  'R20 dead block copied',
  'R21 unmapped copied',
  'R22a not yet',
  'R22c newer left out',
  'R22e late answer',
  'R23 resumed',
  'R25 proved',
  'R25 mismatch',
  'R26 held',
  'R28 dropped',
  'R29 quiet after a crash',
  'orderly stop',
] as const;

export type ReachPoint = (typeof reachPoints)[number];

export class Reach {
  readonly counts = new Map<string, number>();

  hit(point: ReachPoint, count = 1): void {
    this.counts.set(point, (this.counts.get(point) ?? 0) + count);
  }

  add(other: ReadonlyMap<string, number>): void {
    for (const [point, count] of other) this.counts.set(point, (this.counts.get(point) ?? 0) + count);
  }

  get never(): readonly ReachPoint[] {
    return reachPoints.filter((point) => !this.counts.has(point));
  }
}
