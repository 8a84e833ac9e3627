import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { AddGroupsRequest as _caskade_pool_v1_AddGroupsRequest, AddGroupsRequestRead as _caskade_pool_v1_AddGroupsRequestRead } from './caskade/pool/v1/AddGroupsRequest.ts';
import type { Birth as _caskade_pool_v1_Birth, BirthRead as _caskade_pool_v1_BirthRead } from './caskade/pool/v1/Birth.ts';
import type { BirthChunk as _caskade_pool_v1_BirthChunk, BirthChunkRead as _caskade_pool_v1_BirthChunkRead } from './caskade/pool/v1/BirthChunk.ts';
import type { Chunk as _caskade_pool_v1_Chunk, ChunkRead as _caskade_pool_v1_ChunkRead } from './caskade/pool/v1/Chunk.ts';
import type { CloneReplicaRequest as _caskade_pool_v1_CloneReplicaRequest, CloneReplicaRequestRead as _caskade_pool_v1_CloneReplicaRequestRead } from './caskade/pool/v1/CloneReplicaRequest.ts';
import type { CreatePoolRequest as _caskade_pool_v1_CreatePoolRequest, CreatePoolRequestRead as _caskade_pool_v1_CreatePoolRequestRead } from './caskade/pool/v1/CreatePoolRequest.ts';
import type { CreateReplicaRequest as _caskade_pool_v1_CreateReplicaRequest, CreateReplicaRequestRead as _caskade_pool_v1_CreateReplicaRequestRead } from './caskade/pool/v1/CreateReplicaRequest.ts';
import type { DeleteReplicaRequest as _caskade_pool_v1_DeleteReplicaRequest, DeleteReplicaRequestRead as _caskade_pool_v1_DeleteReplicaRequestRead } from './caskade/pool/v1/DeleteReplicaRequest.ts';
import type { DestroyPoolRequest as _caskade_pool_v1_DestroyPoolRequest, DestroyPoolRequestRead as _caskade_pool_v1_DestroyPoolRequestRead } from './caskade/pool/v1/DestroyPoolRequest.ts';
import type { Device as _caskade_pool_v1_Device, DeviceRead as _caskade_pool_v1_DeviceRead } from './caskade/pool/v1/Device.ts';
import type { DeviceGroup as _caskade_pool_v1_DeviceGroup, DeviceGroupRead as _caskade_pool_v1_DeviceGroupRead } from './caskade/pool/v1/DeviceGroup.ts';
import type { Empty as _caskade_pool_v1_Empty, EmptyRead as _caskade_pool_v1_EmptyRead } from './caskade/pool/v1/Empty.ts';
import type { HintTargetRequest as _caskade_pool_v1_HintTargetRequest, HintTargetRequestRead as _caskade_pool_v1_HintTargetRequestRead } from './caskade/pool/v1/HintTargetRequest.ts';
import type { PoolClient as _caskade_pool_v1_PoolClient, PoolDefinition as _caskade_pool_v1_PoolDefinition } from './caskade/pool/v1/Pool.ts';
import type { PoolProperties as _caskade_pool_v1_PoolProperties, PoolPropertiesRead as _caskade_pool_v1_PoolPropertiesRead } from './caskade/pool/v1/PoolProperties.ts';
import type { PoolStatus as _caskade_pool_v1_PoolStatus, PoolStatusRead as _caskade_pool_v1_PoolStatusRead } from './caskade/pool/v1/PoolStatus.ts';
import type { ReadReplicaRequest as _caskade_pool_v1_ReadReplicaRequest, ReadReplicaRequestRead as _caskade_pool_v1_ReadReplicaRequestRead } from './caskade/pool/v1/ReadReplicaRequest.ts';
import type { ReceiveBirthsRequest as _caskade_pool_v1_ReceiveBirthsRequest, ReceiveBirthsRequestRead as _caskade_pool_v1_ReceiveBirthsRequestRead } from './caskade/pool/v1/ReceiveBirthsRequest.ts';
import type { RemoveLogGroupsRequest as _caskade_pool_v1_RemoveLogGroupsRequest, RemoveLogGroupsRequestRead as _caskade_pool_v1_RemoveLogGroupsRequestRead } from './caskade/pool/v1/RemoveLogGroupsRequest.ts';
import type { ReplaceDeviceRequest as _caskade_pool_v1_ReplaceDeviceRequest, ReplaceDeviceRequestRead as _caskade_pool_v1_ReplaceDeviceRequestRead } from './caskade/pool/v1/ReplaceDeviceRequest.ts';
import type { Replica as _caskade_pool_v1_Replica, ReplicaRead as _caskade_pool_v1_ReplicaRead } from './caskade/pool/v1/Replica.ts';
import type { ReplicaSnapshot as _caskade_pool_v1_ReplicaSnapshot, ReplicaSnapshotRead as _caskade_pool_v1_ReplicaSnapshotRead } from './caskade/pool/v1/ReplicaSnapshot.ts';
import type { Resilver as _caskade_pool_v1_Resilver, ResilverRead as _caskade_pool_v1_ResilverRead } from './caskade/pool/v1/Resilver.ts';
import type { Scrub as _caskade_pool_v1_Scrub, ScrubRead as _caskade_pool_v1_ScrubRead } from './caskade/pool/v1/Scrub.ts';
import type { ScrubRequest as _caskade_pool_v1_ScrubRequest, ScrubRequestRead as _caskade_pool_v1_ScrubRequestRead } from './caskade/pool/v1/ScrubRequest.ts';
import type { SendBirthsRequest as _caskade_pool_v1_SendBirthsRequest, SendBirthsRequestRead as _caskade_pool_v1_SendBirthsRequestRead } from './caskade/pool/v1/SendBirthsRequest.ts';
import type { SetReplicaPropertiesRequest as _caskade_pool_v1_SetReplicaPropertiesRequest, SetReplicaPropertiesRequestRead as _caskade_pool_v1_SetReplicaPropertiesRequestRead } from './caskade/pool/v1/SetReplicaPropertiesRequest.ts';
import type { SnapshotSource as _caskade_pool_v1_SnapshotSource, SnapshotSourceRead as _caskade_pool_v1_SnapshotSourceRead } from './caskade/pool/v1/SnapshotSource.ts';
import type { StatusRequest as _caskade_pool_v1_StatusRequest, StatusRequestRead as _caskade_pool_v1_StatusRequestRead } from './caskade/pool/v1/StatusRequest.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  caskade: {
    pool: {
      v1: {
        AddGroupsRequest: MessageTypeDefinition<_caskade_pool_v1_AddGroupsRequest, _caskade_pool_v1_AddGroupsRequestRead>
        Birth: MessageTypeDefinition<_caskade_pool_v1_Birth, _caskade_pool_v1_BirthRead>
        BirthChunk: MessageTypeDefinition<_caskade_pool_v1_BirthChunk, _caskade_pool_v1_BirthChunkRead>
        Chunk: MessageTypeDefinition<_caskade_pool_v1_Chunk, _caskade_pool_v1_ChunkRead>
        CloneReplicaRequest: MessageTypeDefinition<_caskade_pool_v1_CloneReplicaRequest, _caskade_pool_v1_CloneReplicaRequestRead>
        CreatePoolRequest: MessageTypeDefinition<_caskade_pool_v1_CreatePoolRequest, _caskade_pool_v1_CreatePoolRequestRead>
        CreateReplicaRequest: MessageTypeDefinition<_caskade_pool_v1_CreateReplicaRequest, _caskade_pool_v1_CreateReplicaRequestRead>
        DeleteReplicaRequest: MessageTypeDefinition<_caskade_pool_v1_DeleteReplicaRequest, _caskade_pool_v1_DeleteReplicaRequestRead>
        DestroyPoolRequest: MessageTypeDefinition<_caskade_pool_v1_DestroyPoolRequest, _caskade_pool_v1_DestroyPoolRequestRead>
        Device: MessageTypeDefinition<_caskade_pool_v1_Device, _caskade_pool_v1_DeviceRead>
        DeviceGroup: MessageTypeDefinition<_caskade_pool_v1_DeviceGroup, _caskade_pool_v1_DeviceGroupRead>
        Empty: MessageTypeDefinition<_caskade_pool_v1_Empty, _caskade_pool_v1_EmptyRead>
        HintTargetRequest: MessageTypeDefinition<_caskade_pool_v1_HintTargetRequest, _caskade_pool_v1_HintTargetRequestRead>
        Pool: SubtypeConstructor<typeof grpc.Client, _caskade_pool_v1_PoolClient> & { service: _caskade_pool_v1_PoolDefinition }
        PoolPhase: EnumTypeDefinition
        PoolProperties: MessageTypeDefinition<_caskade_pool_v1_PoolProperties, _caskade_pool_v1_PoolPropertiesRead>
        PoolStatus: MessageTypeDefinition<_caskade_pool_v1_PoolStatus, _caskade_pool_v1_PoolStatusRead>
        ReadReplicaRequest: MessageTypeDefinition<_caskade_pool_v1_ReadReplicaRequest, _caskade_pool_v1_ReadReplicaRequestRead>
        ReceiveBirthsRequest: MessageTypeDefinition<_caskade_pool_v1_ReceiveBirthsRequest, _caskade_pool_v1_ReceiveBirthsRequestRead>
        RemoveLogGroupsRequest: MessageTypeDefinition<_caskade_pool_v1_RemoveLogGroupsRequest, _caskade_pool_v1_RemoveLogGroupsRequestRead>
        ReplaceDeviceRequest: MessageTypeDefinition<_caskade_pool_v1_ReplaceDeviceRequest, _caskade_pool_v1_ReplaceDeviceRequestRead>
        Replica: MessageTypeDefinition<_caskade_pool_v1_Replica, _caskade_pool_v1_ReplicaRead>
        ReplicaSnapshot: MessageTypeDefinition<_caskade_pool_v1_ReplicaSnapshot, _caskade_pool_v1_ReplicaSnapshotRead>
        Resilver: MessageTypeDefinition<_caskade_pool_v1_Resilver, _caskade_pool_v1_ResilverRead>
        Scrub: MessageTypeDefinition<_caskade_pool_v1_Scrub, _caskade_pool_v1_ScrubRead>
        ScrubAction: EnumTypeDefinition
        ScrubRequest: MessageTypeDefinition<_caskade_pool_v1_ScrubRequest, _caskade_pool_v1_ScrubRequestRead>
        SendBirthsRequest: MessageTypeDefinition<_caskade_pool_v1_SendBirthsRequest, _caskade_pool_v1_SendBirthsRequestRead>
        SetReplicaPropertiesRequest: MessageTypeDefinition<_caskade_pool_v1_SetReplicaPropertiesRequest, _caskade_pool_v1_SetReplicaPropertiesRequestRead>
        SnapshotSource: MessageTypeDefinition<_caskade_pool_v1_SnapshotSource, _caskade_pool_v1_SnapshotSourceRead>
        StatusRequest: MessageTypeDefinition<_caskade_pool_v1_StatusRequest, _caskade_pool_v1_StatusRequestRead>
      }
    }
  }
}

