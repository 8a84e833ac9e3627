// Original file: proto/pool.proto

import type { ScrubAction as _caskade_pool_v1_ScrubAction, ScrubActionRead as _caskade_pool_v1_ScrubActionRead } from '../../../caskade/pool/v1/ScrubAction.ts';

export interface ScrubRequest {
  'action'?: (_caskade_pool_v1_ScrubAction);
  /**
   * With START: the part of the time that it may work while users do nothing but wait, in percent, 1 to 100; 0: as before (50 at first).
   */
  'sharePercent'?: (number);
}

export interface ScrubRequestRead {
  'action': (_caskade_pool_v1_ScrubActionRead);
  /**
   * With START: the part of the time that it may work while users do nothing but wait, in percent, 1 to 100; 0: as before (50 at first).
   */
  'sharePercent': (number);
}
