// Original file: proto/pool.proto

import type { ScrubAction as _caskade_pool_v1_ScrubAction, ScrubActionRead as _caskade_pool_v1_ScrubActionRead } from '../../../caskade/pool/v1/ScrubAction.ts';

export interface ScrubRequest {
  'action'?: (_caskade_pool_v1_ScrubAction);
}

export interface ScrubRequestRead {
  'action': (_caskade_pool_v1_ScrubActionRead);
}
