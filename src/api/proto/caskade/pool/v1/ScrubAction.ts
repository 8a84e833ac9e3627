// Original file: proto/pool.proto

export const ScrubAction = {
  SCRUB_ACTION_UNSPECIFIED: 'SCRUB_ACTION_UNSPECIFIED',
  SCRUB_ACTION_START: 'SCRUB_ACTION_START',
  SCRUB_ACTION_PAUSE: 'SCRUB_ACTION_PAUSE',
  SCRUB_ACTION_STOP: 'SCRUB_ACTION_STOP',
} as const;

export type ScrubAction =
  | 'SCRUB_ACTION_UNSPECIFIED'
  | 0
  | 'SCRUB_ACTION_START'
  | 1
  | 'SCRUB_ACTION_PAUSE'
  | 2
  | 'SCRUB_ACTION_STOP'
  | 3

export type ScrubActionRead = typeof ScrubAction[keyof typeof ScrubAction]
