import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Chunk as _caskade_pool_v1_Chunk, ChunkRead as _caskade_pool_v1_ChunkRead } from './caskade/pool/v1/Chunk.ts';
import type { CreatePoolRequest as _caskade_pool_v1_CreatePoolRequest, CreatePoolRequestRead as _caskade_pool_v1_CreatePoolRequestRead } from './caskade/pool/v1/CreatePoolRequest.ts';
import type { CreateReplicaRequest as _caskade_pool_v1_CreateReplicaRequest, CreateReplicaRequestRead as _caskade_pool_v1_CreateReplicaRequestRead } from './caskade/pool/v1/CreateReplicaRequest.ts';
import type { DeleteReplicaRequest as _caskade_pool_v1_DeleteReplicaRequest, DeleteReplicaRequestRead as _caskade_pool_v1_DeleteReplicaRequestRead } from './caskade/pool/v1/DeleteReplicaRequest.ts';
import type { DestroyPoolRequest as _caskade_pool_v1_DestroyPoolRequest, DestroyPoolRequestRead as _caskade_pool_v1_DestroyPoolRequestRead } from './caskade/pool/v1/DestroyPoolRequest.ts';
import type { Device as _caskade_pool_v1_Device, DeviceRead as _caskade_pool_v1_DeviceRead } from './caskade/pool/v1/Device.ts';
import type { Empty as _caskade_pool_v1_Empty, EmptyRead as _caskade_pool_v1_EmptyRead } from './caskade/pool/v1/Empty.ts';
import type { PoolClient as _caskade_pool_v1_PoolClient, PoolDefinition as _caskade_pool_v1_PoolDefinition } from './caskade/pool/v1/Pool.ts';
import type { PoolStatus as _caskade_pool_v1_PoolStatus, PoolStatusRead as _caskade_pool_v1_PoolStatusRead } from './caskade/pool/v1/PoolStatus.ts';
import type { ReadReplicaRequest as _caskade_pool_v1_ReadReplicaRequest, ReadReplicaRequestRead as _caskade_pool_v1_ReadReplicaRequestRead } from './caskade/pool/v1/ReadReplicaRequest.ts';
import type { Replica as _caskade_pool_v1_Replica, ReplicaRead as _caskade_pool_v1_ReplicaRead } from './caskade/pool/v1/Replica.ts';
import type { StatusRequest as _caskade_pool_v1_StatusRequest, StatusRequestRead as _caskade_pool_v1_StatusRequestRead } from './caskade/pool/v1/StatusRequest.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  caskade: {
    pool: {
      v1: {
        Chunk: MessageTypeDefinition<_caskade_pool_v1_Chunk, _caskade_pool_v1_ChunkRead>
        CreatePoolRequest: MessageTypeDefinition<_caskade_pool_v1_CreatePoolRequest, _caskade_pool_v1_CreatePoolRequestRead>
        CreateReplicaRequest: MessageTypeDefinition<_caskade_pool_v1_CreateReplicaRequest, _caskade_pool_v1_CreateReplicaRequestRead>
        DeleteReplicaRequest: MessageTypeDefinition<_caskade_pool_v1_DeleteReplicaRequest, _caskade_pool_v1_DeleteReplicaRequestRead>
        DestroyPoolRequest: MessageTypeDefinition<_caskade_pool_v1_DestroyPoolRequest, _caskade_pool_v1_DestroyPoolRequestRead>
        Device: MessageTypeDefinition<_caskade_pool_v1_Device, _caskade_pool_v1_DeviceRead>
        Empty: MessageTypeDefinition<_caskade_pool_v1_Empty, _caskade_pool_v1_EmptyRead>
        Pool: SubtypeConstructor<typeof grpc.Client, _caskade_pool_v1_PoolClient> & { service: _caskade_pool_v1_PoolDefinition }
        PoolPhase: EnumTypeDefinition
        PoolStatus: MessageTypeDefinition<_caskade_pool_v1_PoolStatus, _caskade_pool_v1_PoolStatusRead>
        ReadReplicaRequest: MessageTypeDefinition<_caskade_pool_v1_ReadReplicaRequest, _caskade_pool_v1_ReadReplicaRequestRead>
        Replica: MessageTypeDefinition<_caskade_pool_v1_Replica, _caskade_pool_v1_ReplicaRead>
        StatusRequest: MessageTypeDefinition<_caskade_pool_v1_StatusRequest, _caskade_pool_v1_StatusRequestRead>
      }
    }
  }
}

