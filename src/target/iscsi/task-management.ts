/** Task management functions (RFC 7143 §11.5, SAM-5 §7): which tasks each one ends, and what it answers. */

/** How far a function reaches. `task`: one of the nexus; `nexus`: all of the nexus on the LUN; the others: everybody's. */
export type Reach = 'task' | 'nexus' | 'unit' | 'target';

interface Row {
  readonly name: string;
  readonly reach: Reach;
  /** Raises a unit attention, drops reservations: more than ending tasks. */
  readonly resets: boolean;
  /** The target ends all sessions afterwards. */
  readonly disconnects: boolean;
}

// prettier-ignore
export const managementFunctions: ReadonlyMap<number, Row> = new Map<number, Row>([
  [1, { name: 'abort task',         reach: 'task',   resets: false, disconnects: false }],
  [2, { name: 'abort task set',     reach: 'nexus',  resets: false, disconnects: false }],
  [4, { name: 'clear task set',     reach: 'unit',   resets: false, disconnects: false }],
  [5, { name: 'logical unit reset', reach: 'unit',   resets: true,  disconnects: false }],
  [6, { name: 'target warm reset',  reach: 'target', resets: true,  disconnects: false }],
  [7, { name: 'target cold reset',  reach: 'target', resets: true,  disconnects: true }],
]);
export type ManagementFunction = Row;

export const managementResponse = {
  complete: 0,
  noSuchTask: 1,
  noSuchLun: 2,
  reassignNotSupported: 4,
  notSupported: 5,
  rejected: 255,
} as const;
export const taskReassign = 8;
