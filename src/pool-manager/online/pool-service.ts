import type { ProtoGrpcType } from '../../api/proto/pool.ts';

/** The definition of the admin service of a pool. */
export type PoolService = ProtoGrpcType['caskade']['pool']['v1']['Pool']['service'];
