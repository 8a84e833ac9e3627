// Original file: proto/pool.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AddGroupsRequest as _caskade_pool_v1_AddGroupsRequest, AddGroupsRequestRead as _caskade_pool_v1_AddGroupsRequestRead } from '../../../caskade/pool/v1/AddGroupsRequest.ts';
import type { Chunk as _caskade_pool_v1_Chunk, ChunkRead as _caskade_pool_v1_ChunkRead } from '../../../caskade/pool/v1/Chunk.ts';
import type { CreatePoolRequest as _caskade_pool_v1_CreatePoolRequest, CreatePoolRequestRead as _caskade_pool_v1_CreatePoolRequestRead } from '../../../caskade/pool/v1/CreatePoolRequest.ts';
import type { CreateReplicaRequest as _caskade_pool_v1_CreateReplicaRequest, CreateReplicaRequestRead as _caskade_pool_v1_CreateReplicaRequestRead } from '../../../caskade/pool/v1/CreateReplicaRequest.ts';
import type { DeleteReplicaRequest as _caskade_pool_v1_DeleteReplicaRequest, DeleteReplicaRequestRead as _caskade_pool_v1_DeleteReplicaRequestRead } from '../../../caskade/pool/v1/DeleteReplicaRequest.ts';
import type { DestroyPoolRequest as _caskade_pool_v1_DestroyPoolRequest, DestroyPoolRequestRead as _caskade_pool_v1_DestroyPoolRequestRead } from '../../../caskade/pool/v1/DestroyPoolRequest.ts';
import type { Empty as _caskade_pool_v1_Empty, EmptyRead as _caskade_pool_v1_EmptyRead } from '../../../caskade/pool/v1/Empty.ts';
import type { PoolProperties as _caskade_pool_v1_PoolProperties, PoolPropertiesRead as _caskade_pool_v1_PoolPropertiesRead } from '../../../caskade/pool/v1/PoolProperties.ts';
import type { PoolStatus as _caskade_pool_v1_PoolStatus, PoolStatusRead as _caskade_pool_v1_PoolStatusRead } from '../../../caskade/pool/v1/PoolStatus.ts';
import type { ReadReplicaRequest as _caskade_pool_v1_ReadReplicaRequest, ReadReplicaRequestRead as _caskade_pool_v1_ReadReplicaRequestRead } from '../../../caskade/pool/v1/ReadReplicaRequest.ts';
import type { ReplaceDeviceRequest as _caskade_pool_v1_ReplaceDeviceRequest, ReplaceDeviceRequestRead as _caskade_pool_v1_ReplaceDeviceRequestRead } from '../../../caskade/pool/v1/ReplaceDeviceRequest.ts';
import type { Replica as _caskade_pool_v1_Replica, ReplicaRead as _caskade_pool_v1_ReplicaRead } from '../../../caskade/pool/v1/Replica.ts';
import type { ScrubRequest as _caskade_pool_v1_ScrubRequest, ScrubRequestRead as _caskade_pool_v1_ScrubRequestRead } from '../../../caskade/pool/v1/ScrubRequest.ts';
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
  
  SetProperties(argument: _caskade_pool_v1_PoolProperties, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  SetProperties(argument: _caskade_pool_v1_PoolProperties, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  SetProperties(argument: _caskade_pool_v1_PoolProperties, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  SetProperties(argument: _caskade_pool_v1_PoolProperties, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  setProperties(argument: _caskade_pool_v1_PoolProperties, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  setProperties(argument: _caskade_pool_v1_PoolProperties, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  setProperties(argument: _caskade_pool_v1_PoolProperties, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  setProperties(argument: _caskade_pool_v1_PoolProperties, callback: grpc.requestCallback<_caskade_pool_v1_PoolStatusRead>): grpc.ClientUnaryCall;
  
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
   * The raw content of a replica, for verification: chunks in order, holes skipped. Reads one frozen instant.
   */
  ReadReplica: grpc.handleServerStreamingCall<_caskade_pool_v1_ReadReplicaRequestRead, _caskade_pool_v1_Chunk>;
  
  /**
   * Puts a configured device in the place of another one of a redundant group and answers at once; the copying shows in the status.
   * Idempotent. FAILED_PRECONDITION: a stripe, a device that is too small or carries something, another replacement in the group.
   */
  ReplaceDevice: grpc.handleUnaryCall<_caskade_pool_v1_ReplaceDeviceRequestRead, _caskade_pool_v1_PoolStatus>;
  
  /**
   * Reads and verifies everything in use. Idempotent: START while one runs resumes it.
   */
  Scrub: grpc.handleUnaryCall<_caskade_pool_v1_ScrubRequestRead, _caskade_pool_v1_PoolStatus>;
  
  SetProperties: grpc.handleUnaryCall<_caskade_pool_v1_PoolPropertiesRead, _caskade_pool_v1_PoolStatus>;
  
  /**
   * The status at once, then after each change, at most twice a second.
   */
  WatchStatus: grpc.handleServerStreamingCall<_caskade_pool_v1_StatusRequestRead, _caskade_pool_v1_PoolStatus>;
  
}

export interface PoolDefinition extends grpc.ServiceDefinition {
  AddGroups: MethodDefinition<_caskade_pool_v1_AddGroupsRequest, _caskade_pool_v1_PoolStatus, _caskade_pool_v1_AddGroupsRequestRead, _caskade_pool_v1_PoolStatusRead>
  CreatePool: MethodDefinition<_caskade_pool_v1_CreatePoolRequest, _caskade_pool_v1_PoolStatus, _caskade_pool_v1_CreatePoolRequestRead, _caskade_pool_v1_PoolStatusRead>
  CreateReplica: MethodDefinition<_caskade_pool_v1_CreateReplicaRequest, _caskade_pool_v1_Replica, _caskade_pool_v1_CreateReplicaRequestRead, _caskade_pool_v1_ReplicaRead>
  DeleteReplica: MethodDefinition<_caskade_pool_v1_DeleteReplicaRequest, _caskade_pool_v1_Empty, _caskade_pool_v1_DeleteReplicaRequestRead, _caskade_pool_v1_EmptyRead>
  DestroyPool: MethodDefinition<_caskade_pool_v1_DestroyPoolRequest, _caskade_pool_v1_Empty, _caskade_pool_v1_DestroyPoolRequestRead, _caskade_pool_v1_EmptyRead>
  GetStatus: MethodDefinition<_caskade_pool_v1_StatusRequest, _caskade_pool_v1_PoolStatus, _caskade_pool_v1_StatusRequestRead, _caskade_pool_v1_PoolStatusRead>
  GrowDevices: MethodDefinition<_caskade_pool_v1_StatusRequest, _caskade_pool_v1_PoolStatus, _caskade_pool_v1_StatusRequestRead, _caskade_pool_v1_PoolStatusRead>
  ReadReplica: MethodDefinition<_caskade_pool_v1_ReadReplicaRequest, _caskade_pool_v1_Chunk, _caskade_pool_v1_ReadReplicaRequestRead, _caskade_pool_v1_ChunkRead>
  ReplaceDevice: MethodDefinition<_caskade_pool_v1_ReplaceDeviceRequest, _caskade_pool_v1_PoolStatus, _caskade_pool_v1_ReplaceDeviceRequestRead, _caskade_pool_v1_PoolStatusRead>
  Scrub: MethodDefinition<_caskade_pool_v1_ScrubRequest, _caskade_pool_v1_PoolStatus, _caskade_pool_v1_ScrubRequestRead, _caskade_pool_v1_PoolStatusRead>
  SetProperties: MethodDefinition<_caskade_pool_v1_PoolProperties, _caskade_pool_v1_PoolStatus, _caskade_pool_v1_PoolPropertiesRead, _caskade_pool_v1_PoolStatusRead>
  WatchStatus: MethodDefinition<_caskade_pool_v1_StatusRequest, _caskade_pool_v1_PoolStatus, _caskade_pool_v1_StatusRequestRead, _caskade_pool_v1_PoolStatusRead>
}
