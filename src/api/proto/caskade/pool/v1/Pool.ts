// Original file: proto/pool.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AddGroupsRequest as _caskade_pool_v1_AddGroupsRequest, AddGroupsRequestRead as _caskade_pool_v1_AddGroupsRequestRead } from '../../../caskade/pool/v1/AddGroupsRequest.ts';
import type { BirthChunk as _caskade_pool_v1_BirthChunk, BirthChunkRead as _caskade_pool_v1_BirthChunkRead } from '../../../caskade/pool/v1/BirthChunk.ts';
import type { Chunk as _caskade_pool_v1_Chunk, ChunkRead as _caskade_pool_v1_ChunkRead } from '../../../caskade/pool/v1/Chunk.ts';
import type { CloneReplicaRequest as _caskade_pool_v1_CloneReplicaRequest, CloneReplicaRequestRead as _caskade_pool_v1_CloneReplicaRequestRead } from '../../../caskade/pool/v1/CloneReplicaRequest.ts';
import type { CreatePoolRequest as _caskade_pool_v1_CreatePoolRequest, CreatePoolRequestRead as _caskade_pool_v1_CreatePoolRequestRead } from '../../../caskade/pool/v1/CreatePoolRequest.ts';
import type { CreateReplicaRequest as _caskade_pool_v1_CreateReplicaRequest, CreateReplicaRequestRead as _caskade_pool_v1_CreateReplicaRequestRead } from '../../../caskade/pool/v1/CreateReplicaRequest.ts';
import type { DeleteReplicaRequest as _caskade_pool_v1_DeleteReplicaRequest, DeleteReplicaRequestRead as _caskade_pool_v1_DeleteReplicaRequestRead } from '../../../caskade/pool/v1/DeleteReplicaRequest.ts';
import type { DestroyPoolRequest as _caskade_pool_v1_DestroyPoolRequest, DestroyPoolRequestRead as _caskade_pool_v1_DestroyPoolRequestRead } from '../../../caskade/pool/v1/DestroyPoolRequest.ts';
import type { Empty as _caskade_pool_v1_Empty, EmptyRead as _caskade_pool_v1_EmptyRead } from '../../../caskade/pool/v1/Empty.ts';
import type { HintTargetRequest as _caskade_pool_v1_HintTargetRequest, HintTargetRequestRead as _caskade_pool_v1_HintTargetRequestRead } from '../../../caskade/pool/v1/HintTargetRequest.ts';
import type { PoolProperties as _caskade_pool_v1_PoolProperties, PoolPropertiesRead as _caskade_pool_v1_PoolPropertiesRead } from '../../../caskade/pool/v1/PoolProperties.ts';
import type { PoolStatus as _caskade_pool_v1_PoolStatus, PoolStatusRead as _caskade_pool_v1_PoolStatusRead } from '../../../caskade/pool/v1/PoolStatus.ts';
import type { ReadReplicaRequest as _caskade_pool_v1_ReadReplicaRequest, ReadReplicaRequestRead as _caskade_pool_v1_ReadReplicaRequestRead } from '../../../caskade/pool/v1/ReadReplicaRequest.ts';
import type { ReceiveBirthsRequest as _caskade_pool_v1_ReceiveBirthsRequest, ReceiveBirthsRequestRead as _caskade_pool_v1_ReceiveBirthsRequestRead } from '../../../caskade/pool/v1/ReceiveBirthsRequest.ts';
import type { RemoveLogGroupsRequest as _caskade_pool_v1_RemoveLogGroupsRequest, RemoveLogGroupsRequestRead as _caskade_pool_v1_RemoveLogGroupsRequestRead } from '../../../caskade/pool/v1/RemoveLogGroupsRequest.ts';
import type { ReplaceDeviceRequest as _caskade_pool_v1_ReplaceDeviceRequest, ReplaceDeviceRequestRead as _caskade_pool_v1_ReplaceDeviceRequestRead } from '../../../caskade/pool/v1/ReplaceDeviceRequest.ts';
import type { Replica as _caskade_pool_v1_Replica, ReplicaRead as _caskade_pool_v1_ReplicaRead } from '../../../caskade/pool/v1/Replica.ts';
import type { ScrubRequest as _caskade_pool_v1_ScrubRequest, ScrubRequestRead as _caskade_pool_v1_ScrubRequestRead } from '../../../caskade/pool/v1/ScrubRequest.ts';
import type { SendBirthsRequest as _caskade_pool_v1_SendBirthsRequest, SendBirthsRequestRead as _caskade_pool_v1_SendBirthsRequestRead } from '../../../caskade/pool/v1/SendBirthsRequest.ts';
import type { SetReplicaPropertiesRequest as _caskade_pool_v1_SetReplicaPropertiesRequest, SetReplicaPropertiesRequestRead as _caskade_pool_v1_SetReplicaPropertiesRequestRead } from '../../../caskade/pool/v1/SetReplicaPropertiesRequest.ts';
import type { StatusRequest as _caskade_pool_v1_StatusRequest, StatusRequestRead as _caskade_pool_v1_StatusRequestRead } from '../../../caskade/pool/v1/StatusRequest.ts';

export interface PoolClient extends grpc.Client {
  /**
   * Adds groups of configured devices: to a stripe single devices, to other layouts whole groups, log groups to any. Idempotent:
   * a group that the pool has already is no error. FAILED_PRECONDITION as CreatePool, and when a group does not fit the layout.
   */
  AddGroups(argument: _caskade_pool_v1_AddGroupsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  AddGroups(argument: _caskade_pool_v1_AddGroupsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  AddGroups(argument: _caskade_pool_v1_AddGroupsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  AddGroups(argument: _caskade_pool_v1_AddGroupsRequest, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  /**
   * Adds groups of configured devices: to a stripe single devices, to other layouts whole groups, log groups to any. Idempotent:
   * a group that the pool has already is no error. FAILED_PRECONDITION as CreatePool, and when a group does not fit the layout.
   */
  addGroups(argument: _caskade_pool_v1_AddGroupsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  addGroups(argument: _caskade_pool_v1_AddGroupsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  addGroups(argument: _caskade_pool_v1_AddGroupsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  addGroups(argument: _caskade_pool_v1_AddGroupsRequest, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  
  /**
   * A volume of its own that begins as another one was at a retained number: a snapshot's, or the newest one. Idempotent by
   * (clone, replica_id). For replication it is a newcomer. NOT_FOUND (the message names the retained numbers), RESOURCE_EXHAUSTED.
   */
  CloneReplica(argument: _caskade_pool_v1_CloneReplicaRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  CloneReplica(argument: _caskade_pool_v1_CloneReplicaRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  CloneReplica(argument: _caskade_pool_v1_CloneReplicaRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  CloneReplica(argument: _caskade_pool_v1_CloneReplicaRequest, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  /**
   * A volume of its own that begins as another one was at a retained number: a snapshot's, or the newest one. Idempotent by
   * (clone, replica_id). For replication it is a newcomer. NOT_FOUND (the message names the retained numbers), RESOURCE_EXHAUSTED.
   */
  cloneReplica(argument: _caskade_pool_v1_CloneReplicaRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  cloneReplica(argument: _caskade_pool_v1_CloneReplicaRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  cloneReplica(argument: _caskade_pool_v1_CloneReplicaRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  cloneReplica(argument: _caskade_pool_v1_CloneReplicaRequest, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  
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
   * Idempotent by (volume, replica_id); answers the GUID. RESOURCE_EXHAUSTED, FAILED_PRECONDITION (no pool), UNAVAILABLE. With
   * `source` it begins as that snapshot of another replica in this pool, sharing its blocks. NOT_FOUND: no such snapshot here.
   */
  CreateReplica(argument: _caskade_pool_v1_CreateReplicaRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  CreateReplica(argument: _caskade_pool_v1_CreateReplicaRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  CreateReplica(argument: _caskade_pool_v1_CreateReplicaRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  CreateReplica(argument: _caskade_pool_v1_CreateReplicaRequest, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  /**
   * Idempotent by (volume, replica_id); answers the GUID. RESOURCE_EXHAUSTED, FAILED_PRECONDITION (no pool), UNAVAILABLE. With
   * `source` it begins as that snapshot of another replica in this pool, sharing its blocks. NOT_FOUND: no such snapshot here.
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
   * Takes in what the devices have grown by. Nothing to do is no error.
   */
  GrowDevices(argument: _caskade_pool_v1_StatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  GrowDevices(argument: _caskade_pool_v1_StatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  GrowDevices(argument: _caskade_pool_v1_StatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  GrowDevices(argument: _caskade_pool_v1_StatusRequest, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  /**
   * Takes in what the devices have grown by. Nothing to do is no error.
   */
  growDevices(argument: _caskade_pool_v1_StatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  growDevices(argument: _caskade_pool_v1_StatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  growDevices(argument: _caskade_pool_v1_StatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  growDevices(argument: _caskade_pool_v1_StatusRequest, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  
  /**
   * While two target processes of one volume may live, the one that is meant to serve: bids of others wait for so long, but no
   * safety rests on it (docs/replication.md, R10). NOT_FOUND: no replica of the volume here.
   */
  HintTarget(argument: _caskade_pool_v1_HintTargetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_EmptyRead>): grpc.ClientUnaryCall;
  HintTarget(argument: _caskade_pool_v1_HintTargetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_EmptyRead>): grpc.ClientUnaryCall;
  HintTarget(argument: _caskade_pool_v1_HintTargetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_EmptyRead>): grpc.ClientUnaryCall;
  HintTarget(argument: _caskade_pool_v1_HintTargetRequest, callback: grpc.requestCallback<_caskade_pool_v1_EmptyRead>): grpc.ClientUnaryCall;
  /**
   * While two target processes of one volume may live, the one that is meant to serve: bids of others wait for so long, but no
   * safety rests on it (docs/replication.md, R10). NOT_FOUND: no replica of the volume here.
   */
  hintTarget(argument: _caskade_pool_v1_HintTargetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_EmptyRead>): grpc.ClientUnaryCall;
  hintTarget(argument: _caskade_pool_v1_HintTargetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_EmptyRead>): grpc.ClientUnaryCall;
  hintTarget(argument: _caskade_pool_v1_HintTargetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_EmptyRead>): grpc.ClientUnaryCall;
  hintTarget(argument: _caskade_pool_v1_HintTargetRequest, callback: grpc.requestCallback<_caskade_pool_v1_EmptyRead>): grpc.ClientUnaryCall;
  
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
   * Writes such chunks into a replica of a volume that no target has ever used (CreateReplica made it). FAILED_PRECONDITION when
   * one has, or when it does not have what the chunk builds on. All is durable when the answer to the last chunk is there.
   */
  ReceiveBirths(argument: _caskade_pool_v1_ReceiveBirthsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  ReceiveBirths(argument: _caskade_pool_v1_ReceiveBirthsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  ReceiveBirths(argument: _caskade_pool_v1_ReceiveBirthsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  ReceiveBirths(argument: _caskade_pool_v1_ReceiveBirthsRequest, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  /**
   * Writes such chunks into a replica of a volume that no target has ever used (CreateReplica made it). FAILED_PRECONDITION when
   * one has, or when it does not have what the chunk builds on. All is durable when the answer to the last chunk is there.
   */
  receiveBirths(argument: _caskade_pool_v1_ReceiveBirthsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  receiveBirths(argument: _caskade_pool_v1_ReceiveBirthsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  receiveBirths(argument: _caskade_pool_v1_ReceiveBirthsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  receiveBirths(argument: _caskade_pool_v1_ReceiveBirthsRequest, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  
  /**
   * Takes log groups out, all of those that have any of these devices. Idempotent. They may be taken away when this is answered.
   */
  RemoveLogGroups(argument: _caskade_pool_v1_RemoveLogGroupsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  RemoveLogGroups(argument: _caskade_pool_v1_RemoveLogGroupsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  RemoveLogGroups(argument: _caskade_pool_v1_RemoveLogGroupsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  RemoveLogGroups(argument: _caskade_pool_v1_RemoveLogGroupsRequest, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  /**
   * Takes log groups out, all of those that have any of these devices. Idempotent. They may be taken away when this is answered.
   */
  removeLogGroups(argument: _caskade_pool_v1_RemoveLogGroupsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  removeLogGroups(argument: _caskade_pool_v1_RemoveLogGroupsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  removeLogGroups(argument: _caskade_pool_v1_RemoveLogGroupsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  removeLogGroups(argument: _caskade_pool_v1_RemoveLogGroupsRequest, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  
  /**
   * Puts a configured device in the place of another one of a redundant group and answers at once; the copying shows in the status.
   * Idempotent. FAILED_PRECONDITION: a stripe, a device that is too small or carries something, another replacement in the group.
   */
  ReplaceDevice(argument: _caskade_pool_v1_ReplaceDeviceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  ReplaceDevice(argument: _caskade_pool_v1_ReplaceDeviceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  ReplaceDevice(argument: _caskade_pool_v1_ReplaceDeviceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  ReplaceDevice(argument: _caskade_pool_v1_ReplaceDeviceRequest, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  /**
   * Puts a configured device in the place of another one of a redundant group and answers at once; the copying shows in the status.
   * Idempotent. FAILED_PRECONDITION: a stripe, a device that is too small or carries something, another replacement in the group.
   */
  replaceDevice(argument: _caskade_pool_v1_ReplaceDeviceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  replaceDevice(argument: _caskade_pool_v1_ReplaceDeviceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  replaceDevice(argument: _caskade_pool_v1_ReplaceDeviceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  replaceDevice(argument: _caskade_pool_v1_ReplaceDeviceRequest, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  
  /**
   * Reads and verifies everything in use. Idempotent: START while one runs resumes it.
   */
  Scrub(argument: _caskade_pool_v1_ScrubRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  Scrub(argument: _caskade_pool_v1_ScrubRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  Scrub(argument: _caskade_pool_v1_ScrubRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  Scrub(argument: _caskade_pool_v1_ScrubRequest, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  /**
   * Reads and verifies everything in use. Idempotent: START while one runs resumes it.
   */
  scrub(argument: _caskade_pool_v1_ScrubRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  scrub(argument: _caskade_pool_v1_ScrubRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  scrub(argument: _caskade_pool_v1_ScrubRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  scrub(argument: _caskade_pool_v1_ScrubRequest, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  
  /**
   * What was born after a number, unmapped ranges too, as of one frozen instant: what another pool needs to have the same.
   */
  SendBirths(argument: _caskade_pool_v1_SendBirthsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_caskade_pool_v1_BirthChunkRead>;
  SendBirths(argument: _caskade_pool_v1_SendBirthsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_caskade_pool_v1_BirthChunkRead>;
  /**
   * What was born after a number, unmapped ranges too, as of one frozen instant: what another pool needs to have the same.
   */
  sendBirths(argument: _caskade_pool_v1_SendBirthsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_caskade_pool_v1_BirthChunkRead>;
  sendBirths(argument: _caskade_pool_v1_SendBirthsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_caskade_pool_v1_BirthChunkRead>;
  
  SetProperties(argument: _caskade_pool_v1_PoolProperties, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  SetProperties(argument: _caskade_pool_v1_PoolProperties, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  SetProperties(argument: _caskade_pool_v1_PoolProperties, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  SetProperties(argument: _caskade_pool_v1_PoolProperties, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  setProperties(argument: _caskade_pool_v1_PoolProperties, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  setProperties(argument: _caskade_pool_v1_PoolProperties, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  setProperties(argument: _caskade_pool_v1_PoolProperties, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  setProperties(argument: _caskade_pool_v1_PoolProperties, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  
  /**
   * Of what is written to the replica from now on; durable when answered, idempotent. NOT_FOUND: it is not here.
   */
  SetReplicaProperties(argument: _caskade_pool_v1_SetReplicaPropertiesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  SetReplicaProperties(argument: _caskade_pool_v1_SetReplicaPropertiesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  SetReplicaProperties(argument: _caskade_pool_v1_SetReplicaPropertiesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  SetReplicaProperties(argument: _caskade_pool_v1_SetReplicaPropertiesRequest, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  /**
   * Of what is written to the replica from now on; durable when answered, idempotent. NOT_FOUND: it is not here.
   */
  setReplicaProperties(argument: _caskade_pool_v1_SetReplicaPropertiesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  setReplicaProperties(argument: _caskade_pool_v1_SetReplicaPropertiesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  setReplicaProperties(argument: _caskade_pool_v1_SetReplicaPropertiesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  setReplicaProperties(argument: _caskade_pool_v1_SetReplicaPropertiesRequest, callback: grpc.requestCallback<_caskade_pool_v1_ReplicaRead>): grpc.ClientUnaryCall;
  
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
   * Adds groups of configured devices: to a stripe single devices, to other layouts whole groups, log groups to any. Idempotent:
   * a group that the pool has already is no error. FAILED_PRECONDITION as CreatePool, and when a group does not fit the layout.
   */
  AddGroups: grpc.handleUnaryCall<_caskade_pool_v1_AddGroupsRequestRead, _caskade_pool_v1_PoolStatus>;
  
  /**
   * A volume of its own that begins as another one was at a retained number: a snapshot's, or the newest one. Idempotent by
   * (clone, replica_id). For replication it is a newcomer. NOT_FOUND (the message names the retained numbers), RESOURCE_EXHAUSTED.
   */
  CloneReplica: grpc.handleUnaryCall<_caskade_pool_v1_CloneReplicaRequestRead, _caskade_pool_v1_Replica>;
  
  /**
   * Formats the configured devices. FAILED_PRECONDITION when any of them carries something (the message says what) and
   * `overwrite` does not name it. ALREADY_EXISTS never: answering twice is success when the pool is this one.
   */
  CreatePool: grpc.handleUnaryCall<_caskade_pool_v1_CreatePoolRequestRead, _caskade_pool_v1_PoolStatus>;
  
  /**
   * Idempotent by (volume, replica_id); answers the GUID. RESOURCE_EXHAUSTED, FAILED_PRECONDITION (no pool), UNAVAILABLE. With
   * `source` it begins as that snapshot of another replica in this pool, sharing its blocks. NOT_FOUND: no such snapshot here.
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
   * Takes in what the devices have grown by. Nothing to do is no error.
   */
  GrowDevices: grpc.handleUnaryCall<_caskade_pool_v1_StatusRequestRead, _caskade_pool_v1_PoolStatus>;
  
  /**
   * While two target processes of one volume may live, the one that is meant to serve: bids of others wait for so long, but no
   * safety rests on it (docs/replication.md, R10). NOT_FOUND: no replica of the volume here.
   */
  HintTarget: grpc.handleUnaryCall<_caskade_pool_v1_HintTargetRequestRead, _caskade_pool_v1_Empty>;
  
  /**
   * The raw content of a replica, for verification: chunks in order, holes skipped. Reads one frozen instant.
   */
  ReadReplica: grpc.handleServerStreamingCall<_caskade_pool_v1_ReadReplicaRequestRead, _caskade_pool_v1_Chunk>;
  
  /**
   * Writes such chunks into a replica of a volume that no target has ever used (CreateReplica made it). FAILED_PRECONDITION when
   * one has, or when it does not have what the chunk builds on. All is durable when the answer to the last chunk is there.
   */
  ReceiveBirths: grpc.handleUnaryCall<_caskade_pool_v1_ReceiveBirthsRequestRead, _caskade_pool_v1_Replica>;
  
  /**
   * Takes log groups out, all of those that have any of these devices. Idempotent. They may be taken away when this is answered.
   */
  RemoveLogGroups: grpc.handleUnaryCall<_caskade_pool_v1_RemoveLogGroupsRequestRead, _caskade_pool_v1_PoolStatus>;
  
  /**
   * Puts a configured device in the place of another one of a redundant group and answers at once; the copying shows in the status.
   * Idempotent. FAILED_PRECONDITION: a stripe, a device that is too small or carries something, another replacement in the group.
   */
  ReplaceDevice: grpc.handleUnaryCall<_caskade_pool_v1_ReplaceDeviceRequestRead, _caskade_pool_v1_PoolStatus>;
  
  /**
   * Reads and verifies everything in use. Idempotent: START while one runs resumes it.
   */
  Scrub: grpc.handleUnaryCall<_caskade_pool_v1_ScrubRequestRead, _caskade_pool_v1_PoolStatus>;
  
  /**
   * What was born after a number, unmapped ranges too, as of one frozen instant: what another pool needs to have the same.
   */
  SendBirths: grpc.handleServerStreamingCall<_caskade_pool_v1_SendBirthsRequestRead, _caskade_pool_v1_BirthChunk>;
  
  SetProperties: grpc.handleUnaryCall<_caskade_pool_v1_PoolPropertiesRead, _caskade_pool_v1_PoolStatus>;
  
  /**
   * Of what is written to the replica from now on; durable when answered, idempotent. NOT_FOUND: it is not here.
   */
  SetReplicaProperties: grpc.handleUnaryCall<_caskade_pool_v1_SetReplicaPropertiesRequestRead, _caskade_pool_v1_Replica>;
  
  /**
   * The status at once, then after each change, at most twice a second.
   */
  WatchStatus: grpc.handleServerStreamingCall<_caskade_pool_v1_StatusRequestRead, _caskade_pool_v1_PoolStatus>;
  
}

export interface PoolDefinition extends grpc.ServiceDefinition {
  AddGroups: MethodDefinition<_caskade_pool_v1_AddGroupsRequest, _caskade_pool_v1_PoolStatus, _caskade_pool_v1_AddGroupsRequestRead, _caskade_pool_v1_PoolStatusRead>
  CloneReplica: MethodDefinition<_caskade_pool_v1_CloneReplicaRequest, _caskade_pool_v1_Replica, _caskade_pool_v1_CloneReplicaRequestRead, _caskade_pool_v1_ReplicaRead>
  CreatePool: MethodDefinition<_caskade_pool_v1_CreatePoolRequest, _caskade_pool_v1_PoolStatus, _caskade_pool_v1_CreatePoolRequestRead, _caskade_pool_v1_PoolStatusRead>
  CreateReplica: MethodDefinition<_caskade_pool_v1_CreateReplicaRequest, _caskade_pool_v1_Replica, _caskade_pool_v1_CreateReplicaRequestRead, _caskade_pool_v1_ReplicaRead>
  DeleteReplica: MethodDefinition<_caskade_pool_v1_DeleteReplicaRequest, _caskade_pool_v1_Empty, _caskade_pool_v1_DeleteReplicaRequestRead, _caskade_pool_v1_EmptyRead>
  DestroyPool: MethodDefinition<_caskade_pool_v1_DestroyPoolRequest, _caskade_pool_v1_Empty, _caskade_pool_v1_DestroyPoolRequestRead, _caskade_pool_v1_EmptyRead>
  GetStatus: MethodDefinition<_caskade_pool_v1_StatusRequest, _caskade_pool_v1_PoolStatus, _caskade_pool_v1_StatusRequestRead, _caskade_pool_v1_PoolStatusRead>
  GrowDevices: MethodDefinition<_caskade_pool_v1_StatusRequest, _caskade_pool_v1_PoolStatus, _caskade_pool_v1_StatusRequestRead, _caskade_pool_v1_PoolStatusRead>
  HintTarget: MethodDefinition<_caskade_pool_v1_HintTargetRequest, _caskade_pool_v1_Empty, _caskade_pool_v1_HintTargetRequestRead, _caskade_pool_v1_EmptyRead>
  ReadReplica: MethodDefinition<_caskade_pool_v1_ReadReplicaRequest, _caskade_pool_v1_Chunk, _caskade_pool_v1_ReadReplicaRequestRead, _caskade_pool_v1_ChunkRead>
  ReceiveBirths: MethodDefinition<_caskade_pool_v1_ReceiveBirthsRequest, _caskade_pool_v1_Replica, _caskade_pool_v1_ReceiveBirthsRequestRead, _caskade_pool_v1_ReplicaRead>
  RemoveLogGroups: MethodDefinition<_caskade_pool_v1_RemoveLogGroupsRequest, _caskade_pool_v1_PoolStatus, _caskade_pool_v1_RemoveLogGroupsRequestRead, _caskade_pool_v1_PoolStatusRead>
  ReplaceDevice: MethodDefinition<_caskade_pool_v1_ReplaceDeviceRequest, _caskade_pool_v1_PoolStatus, _caskade_pool_v1_ReplaceDeviceRequestRead, _caskade_pool_v1_PoolStatusRead>
  Scrub: MethodDefinition<_caskade_pool_v1_ScrubRequest, _caskade_pool_v1_PoolStatus, _caskade_pool_v1_ScrubRequestRead, _caskade_pool_v1_PoolStatusRead>
  SendBirths: MethodDefinition<_caskade_pool_v1_SendBirthsRequest, _caskade_pool_v1_BirthChunk, _caskade_pool_v1_SendBirthsRequestRead, _caskade_pool_v1_BirthChunkRead>
  SetProperties: MethodDefinition<_caskade_pool_v1_PoolProperties, _caskade_pool_v1_PoolStatus, _caskade_pool_v1_PoolPropertiesRead, _caskade_pool_v1_PoolStatusRead>
  SetReplicaProperties: MethodDefinition<_caskade_pool_v1_SetReplicaPropertiesRequest, _caskade_pool_v1_Replica, _caskade_pool_v1_SetReplicaPropertiesRequestRead, _caskade_pool_v1_ReplicaRead>
  WatchStatus: MethodDefinition<_caskade_pool_v1_StatusRequest, _caskade_pool_v1_PoolStatus, _caskade_pool_v1_StatusRequestRead, _caskade_pool_v1_PoolStatusRead>
}
