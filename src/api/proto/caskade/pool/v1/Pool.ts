// Original file: proto/pool.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { Chunk as _caskade_pool_v1_Chunk, ChunkRead as _caskade_pool_v1_ChunkRead } from '../../../caskade/pool/v1/Chunk.ts';
import type { CreatePoolRequest as _caskade_pool_v1_CreatePoolRequest, CreatePoolRequestRead as _caskade_pool_v1_CreatePoolRequestRead } from '../../../caskade/pool/v1/CreatePoolRequest.ts';
import type { CreateReplicaRequest as _caskade_pool_v1_CreateReplicaRequest, CreateReplicaRequestRead as _caskade_pool_v1_CreateReplicaRequestRead } from '../../../caskade/pool/v1/CreateReplicaRequest.ts';
import type { DeleteReplicaRequest as _caskade_pool_v1_DeleteReplicaRequest, DeleteReplicaRequestRead as _caskade_pool_v1_DeleteReplicaRequestRead } from '../../../caskade/pool/v1/DeleteReplicaRequest.ts';
import type { DestroyPoolRequest as _caskade_pool_v1_DestroyPoolRequest, DestroyPoolRequestRead as _caskade_pool_v1_DestroyPoolRequestRead } from '../../../caskade/pool/v1/DestroyPoolRequest.ts';
import type { Empty as _caskade_pool_v1_Empty, EmptyRead as _caskade_pool_v1_EmptyRead } from '../../../caskade/pool/v1/Empty.ts';
import type { PoolStatus as _caskade_pool_v1_PoolStatus, PoolStatusRead as _caskade_pool_v1_PoolStatusRead } from '../../../caskade/pool/v1/PoolStatus.ts';
import type { ReadReplicaRequest as _caskade_pool_v1_ReadReplicaRequest, ReadReplicaRequestRead as _caskade_pool_v1_ReadReplicaRequestRead } from '../../../caskade/pool/v1/ReadReplicaRequest.ts';
import type { Replica as _caskade_pool_v1_Replica, ReplicaRead as _caskade_pool_v1_ReplicaRead } from '../../../caskade/pool/v1/Replica.ts';
import type { StatusRequest as _caskade_pool_v1_StatusRequest, StatusRequestRead as _caskade_pool_v1_StatusRequestRead } from '../../../caskade/pool/v1/StatusRequest.ts';

export interface PoolClient extends grpc.Client {
  /**
   * Formats the configured devices. FAILED_PRECONDITION when any of them carries something (the message says what) and
   * `overwrite` does not name it. ALREADY_EXISTS never: answering twice is success when the pool is this one.
   */
  CreatePool(argument: _caskade_pool_v1_CreatePoolRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  CreatePool(argument: _caskade_pool_v1_CreatePoolRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  CreatePool(argument: _caskade_pool_v1_CreatePoolRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  CreatePool(argument: _caskade_pool_v1_CreatePoolRequest, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  /**
   * Formats the configured devices. FAILED_PRECONDITION when any of them carries something (the message says what) and
   * `overwrite` does not name it. ALREADY_EXISTS never: answering twice is success when the pool is this one.
   */
  createPool(argument: _caskade_pool_v1_CreatePoolRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  createPool(argument: _caskade_pool_v1_CreatePoolRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  createPool(argument: _caskade_pool_v1_CreatePoolRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  createPool(argument: _caskade_pool_v1_CreatePoolRequest, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  
  /**
   * Idempotent by (volume, replica_id); answers the GUID. RESOURCE_EXHAUSTED, FAILED_PRECONDITION (no pool), UNAVAILABLE.
   */
  CreateReplica(argument: _caskade_pool_v1_CreateReplicaRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  CreateReplica(argument: _caskade_pool_v1_CreateReplicaRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  CreateReplica(argument: _caskade_pool_v1_CreateReplicaRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  CreateReplica(argument: _caskade_pool_v1_CreateReplicaRequest, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  /**
   * Idempotent by (volume, replica_id); answers the GUID. RESOURCE_EXHAUSTED, FAILED_PRECONDITION (no pool), UNAVAILABLE.
   */
  createReplica(argument: _caskade_pool_v1_CreateReplicaRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  createReplica(argument: _caskade_pool_v1_CreateReplicaRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  createReplica(argument: _caskade_pool_v1_CreateReplicaRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  createReplica(argument: _caskade_pool_v1_CreateReplicaRequest, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  
  /**
   * Idempotent. `guid` must match when given, so that a newcomer is never deleted in place of its predecessor.
   */
  DeleteReplica(argument: _caskade_pool_v1_DeleteReplicaRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_EmptyRead>): grpc.ClientUnaryCall;
  DeleteReplica(argument: _caskade_pool_v1_DeleteReplicaRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_EmptyRead>): grpc.ClientUnaryCall;
  DeleteReplica(argument: _caskade_pool_v1_DeleteReplicaRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_EmptyRead>): grpc.ClientUnaryCall;
  DeleteReplica(argument: _caskade_pool_v1_DeleteReplicaRequest, callback: grpc.requestCallback<_caskade_pool_v1_EmptyRead>): grpc.ClientUnaryCall;
  /**
   * Idempotent. `guid` must match when given, so that a newcomer is never deleted in place of its predecessor.
   */
  deleteReplica(argument: _caskade_pool_v1_DeleteReplicaRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_EmptyRead>): grpc.ClientUnaryCall;
  deleteReplica(argument: _caskade_pool_v1_DeleteReplicaRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_EmptyRead>): grpc.ClientUnaryCall;
  deleteReplica(argument: _caskade_pool_v1_DeleteReplicaRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_EmptyRead>): grpc.ClientUnaryCall;
  deleteReplica(argument: _caskade_pool_v1_DeleteReplicaRequest, callback: grpc.requestCallback<_caskade_pool_v1_EmptyRead>): grpc.ClientUnaryCall;
  
  /**
   * Clears the labels of all devices. FAILED_PRECONDITION while replicas exist.
   */
  DestroyPool(argument: _caskade_pool_v1_DestroyPoolRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_EmptyRead>): grpc.ClientUnaryCall;
  DestroyPool(argument: _caskade_pool_v1_DestroyPoolRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_EmptyRead>): grpc.ClientUnaryCall;
  DestroyPool(argument: _caskade_pool_v1_DestroyPoolRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_EmptyRead>): grpc.ClientUnaryCall;
  DestroyPool(argument: _caskade_pool_v1_DestroyPoolRequest, callback: grpc.requestCallback<_caskade_pool_v1_EmptyRead>): grpc.ClientUnaryCall;
  /**
   * Clears the labels of all devices. FAILED_PRECONDITION while replicas exist.
   */
  destroyPool(argument: _caskade_pool_v1_DestroyPoolRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_EmptyRead>): grpc.ClientUnaryCall;
  destroyPool(argument: _caskade_pool_v1_DestroyPoolRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_EmptyRead>): grpc.ClientUnaryCall;
  destroyPool(argument: _caskade_pool_v1_DestroyPoolRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_EmptyRead>): grpc.ClientUnaryCall;
  destroyPool(argument: _caskade_pool_v1_DestroyPoolRequest, callback: grpc.requestCallback<_caskade_pool_v1_EmptyRead>): grpc.ClientUnaryCall;
  
  GetStatus(argument: _caskade_pool_v1_StatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  GetStatus(argument: _caskade_pool_v1_StatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  GetStatus(argument: _caskade_pool_v1_StatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  GetStatus(argument: _caskade_pool_v1_StatusRequest, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  getStatus(argument: _caskade_pool_v1_StatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  getStatus(argument: _caskade_pool_v1_StatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  getStatus(argument: _caskade_pool_v1_StatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  getStatus(argument: _caskade_pool_v1_StatusRequest, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  
  /**
   * The raw content of a replica, for verification: chunks in order, holes skipped. Reads one frozen instant.
   */
  ReadReplica(argument: _caskade_pool_v1_ReadReplicaRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_caskade_pool_v1_ChunkRead>;
  ReadReplica(argument: _caskade_pool_v1_ReadReplicaRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_caskade_pool_v1_ChunkRead>;
  /**
   * The raw content of a replica, for verification: chunks in order, holes skipped. Reads one frozen instant.
   */
  readReplica(argument: _caskade_pool_v1_ReadReplicaRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_caskade_pool_v1_ChunkRead>;
  readReplica(argument: _caskade_pool_v1_ReadReplicaRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_caskade_pool_v1_ChunkRead>;
  
  /**
   * The status at once, then after each change, at most twice a second.
   */
  WatchStatus(argument: _caskade_pool_v1_StatusRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_caskade_pool_v1_PoolStatusRead>;
  WatchStatus(argument: _caskade_pool_v1_StatusRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_caskade_pool_v1_PoolStatusRead>;
  /**
   * The status at once, then after each change, at most twice a second.
   */
  watchStatus(argument: _caskade_pool_v1_StatusRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_caskade_pool_v1_PoolStatusRead>;
  watchStatus(argument: _caskade_pool_v1_StatusRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_caskade_pool_v1_PoolStatusRead>;
  
}

export interface PoolHandlers extends grpc.UntypedServiceImplementation {
  /**
   * Formats the configured devices. FAILED_PRECONDITION when any of them carries something (the message says what) and
   * `overwrite` does not name it. ALREADY_EXISTS never: answering twice is success when the pool is this one.
   */
  CreatePool: grpc.handleUnaryCall<_caskade_pool_v1_CreatePoolRequestRead, _caskade_pool_v1_PoolStatus>;
  
  /**
   * Idempotent by (volume, replica_id); answers the GUID. RESOURCE_EXHAUSTED, FAILED_PRECONDITION (no pool), UNAVAILABLE.
   */
  CreateReplica: grpc.handleUnaryCall<_caskade_pool_v1_CreateReplicaRequestRead, _caskade_pool_v1_Replica>;
  
  /**
   * Idempotent. `guid` must match when given, so that a newcomer is never deleted in place of its predecessor.
   */
  DeleteReplica: grpc.handleUnaryCall<_caskade_pool_v1_DeleteReplicaRequestRead, _caskade_pool_v1_Empty>;
  
  /**
   * Clears the labels of all devices. FAILED_PRECONDITION while replicas exist.
   */
  DestroyPool: grpc.handleUnaryCall<_caskade_pool_v1_DestroyPoolRequestRead, _caskade_pool_v1_Empty>;
  
  GetStatus: grpc.handleUnaryCall<_caskade_pool_v1_StatusRequestRead, _caskade_pool_v1_PoolStatus>;
  
  /**
   * The raw content of a replica, for verification: chunks in order, holes skipped. Reads one frozen instant.
   */
  ReadReplica: grpc.handleServerStreamingCall<_caskade_pool_v1_ReadReplicaRequestRead, _caskade_pool_v1_Chunk>;
  
  /**
   * The status at once, then after each change, at most twice a second.
   */
  WatchStatus: grpc.handleServerStreamingCall<_caskade_pool_v1_StatusRequestRead, _caskade_pool_v1_PoolStatus>;
  
}

export interface PoolDefinition extends grpc.ServiceDefinition {
  CreatePool: MethodDefinition<_caskade_pool_v1_CreatePoolRequest, _caskade_pool_v1_PoolStatus, _caskade_pool_v1_CreatePoolRequestRead, _caskade_pool_v1_PoolStatusRead>
  CreateReplica: MethodDefinition<_caskade_pool_v1_CreateReplicaRequest, _caskade_pool_v1_Replica, _caskade_pool_v1_CreateReplicaRequestRead, _caskade_pool_v1_ReplicaRead>
  DeleteReplica: MethodDefinition<_caskade_pool_v1_DeleteReplicaRequest, _caskade_pool_v1_Empty, _caskade_pool_v1_DeleteReplicaRequestRead, _caskade_pool_v1_EmptyRead>
  DestroyPool: MethodDefinition<_caskade_pool_v1_DestroyPoolRequest, _caskade_pool_v1_Empty, _caskade_pool_v1_DestroyPoolRequestRead, _caskade_pool_v1_EmptyRead>
  GetStatus: MethodDefinition<_caskade_pool_v1_StatusRequest, _caskade_pool_v1_PoolStatus, _caskade_pool_v1_StatusRequestRead, _caskade_pool_v1_PoolStatusRead>
  ReadReplica: MethodDefinition<_caskade_pool_v1_ReadReplicaRequest, _caskade_pool_v1_Chunk, _caskade_pool_v1_ReadReplicaRequestRead, _caskade_pool_v1_ChunkRead>
  WatchStatus: MethodDefinition<_caskade_pool_v1_StatusRequest, _caskade_pool_v1_PoolStatus, _caskade_pool_v1_StatusRequestRead, _caskade_pool_v1_PoolStatusRead>
}
