// Original file: proto/target.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CreateSnapshotAnswer as _caskade_target_v1_CreateSnapshotAnswer, CreateSnapshotAnswerRead as _caskade_target_v1_CreateSnapshotAnswerRead } from '../../../caskade/target/v1/CreateSnapshotAnswer.ts';
import type { CreateSnapshotRequest as _caskade_target_v1_CreateSnapshotRequest, CreateSnapshotRequestRead as _caskade_target_v1_CreateSnapshotRequestRead } from '../../../caskade/target/v1/CreateSnapshotRequest.ts';
import type { Empty as _caskade_target_v1_Empty, EmptyRead as _caskade_target_v1_EmptyRead } from '../../../caskade/target/v1/Empty.ts';
import type { ResizeRequest as _caskade_target_v1_ResizeRequest, ResizeRequestRead as _caskade_target_v1_ResizeRequestRead } from '../../../caskade/target/v1/ResizeRequest.ts';
import type { RevertRequest as _caskade_target_v1_RevertRequest, RevertRequestRead as _caskade_target_v1_RevertRequestRead } from '../../../caskade/target/v1/RevertRequest.ts';
import type { ScrubRequest as _caskade_target_v1_ScrubRequest, ScrubRequestRead as _caskade_target_v1_ScrubRequestRead } from '../../../caskade/target/v1/ScrubRequest.ts';
import type { SetInitiatorsRequest as _caskade_target_v1_SetInitiatorsRequest, SetInitiatorsRequestRead as _caskade_target_v1_SetInitiatorsRequestRead } from '../../../caskade/target/v1/SetInitiatorsRequest.ts';
import type { SnapshotList as _caskade_target_v1_SnapshotList, SnapshotListRead as _caskade_target_v1_SnapshotListRead } from '../../../caskade/target/v1/SnapshotList.ts';
import type { SnapshotRequest as _caskade_target_v1_SnapshotRequest, SnapshotRequestRead as _caskade_target_v1_SnapshotRequestRead } from '../../../caskade/target/v1/SnapshotRequest.ts';
import type { StatusRequest as _caskade_target_v1_StatusRequest, StatusRequestRead as _caskade_target_v1_StatusRequestRead } from '../../../caskade/target/v1/StatusRequest.ts';
import type { TargetStatus as _caskade_target_v1_TargetStatus, TargetStatusRead as _caskade_target_v1_TargetStatusRead } from '../../../caskade/target/v1/TargetStatus.ts';

export interface TargetClient extends grpc.Client {
  /**
   * Names the state after everything that was acknowledged before; durable on a quorum when answered. Asked again with the
   * name of one that there is, it answers that one. INVALID_ARGUMENT, RESOURCE_EXHAUSTED (as many as there may be),
   * FAILED_PRECONDITION (a pool's release knows no snapshots), UNAVAILABLE (no quorum, or another command runs).
   */
  CreateSnapshot(argument: _caskade_target_v1_CreateSnapshotRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_CreateSnapshotAnswerRead>): grpc.ClientUnaryCall;
  CreateSnapshot(argument: _caskade_target_v1_CreateSnapshotRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_target_v1_CreateSnapshotAnswerRead>): grpc.ClientUnaryCall;
  CreateSnapshot(argument: _caskade_target_v1_CreateSnapshotRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_CreateSnapshotAnswerRead>): grpc.ClientUnaryCall;
  CreateSnapshot(argument: _caskade_target_v1_CreateSnapshotRequest, callback: grpc.requestCallback<_caskade_target_v1_CreateSnapshotAnswerRead>): grpc.ClientUnaryCall;
  /**
   * Names the state after everything that was acknowledged before; durable on a quorum when answered. Asked again with the
   * name of one that there is, it answers that one. INVALID_ARGUMENT, RESOURCE_EXHAUSTED (as many as there may be),
   * FAILED_PRECONDITION (a pool's release knows no snapshots), UNAVAILABLE (no quorum, or another command runs).
   */
  createSnapshot(argument: _caskade_target_v1_CreateSnapshotRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_CreateSnapshotAnswerRead>): grpc.ClientUnaryCall;
  createSnapshot(argument: _caskade_target_v1_CreateSnapshotRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_target_v1_CreateSnapshotAnswerRead>): grpc.ClientUnaryCall;
  createSnapshot(argument: _caskade_target_v1_CreateSnapshotRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_CreateSnapshotAnswerRead>): grpc.ClientUnaryCall;
  createSnapshot(argument: _caskade_target_v1_CreateSnapshotRequest, callback: grpc.requestCallback<_caskade_target_v1_CreateSnapshotAnswerRead>): grpc.ClientUnaryCall;
  
  /**
   * There being none is no error.
   */
  DeleteSnapshot(argument: _caskade_target_v1_SnapshotRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  DeleteSnapshot(argument: _caskade_target_v1_SnapshotRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  DeleteSnapshot(argument: _caskade_target_v1_SnapshotRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  DeleteSnapshot(argument: _caskade_target_v1_SnapshotRequest, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  /**
   * There being none is no error.
   */
  deleteSnapshot(argument: _caskade_target_v1_SnapshotRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  deleteSnapshot(argument: _caskade_target_v1_SnapshotRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  deleteSnapshot(argument: _caskade_target_v1_SnapshotRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  deleteSnapshot(argument: _caskade_target_v1_SnapshotRequest, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  
  GetStatus(argument: _caskade_target_v1_StatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_TargetStatusRead>): grpc.ClientUnaryCall;
  GetStatus(argument: _caskade_target_v1_StatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_target_v1_TargetStatusRead>): grpc.ClientUnaryCall;
  GetStatus(argument: _caskade_target_v1_StatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_TargetStatusRead>): grpc.ClientUnaryCall;
  GetStatus(argument: _caskade_target_v1_StatusRequest, callback: grpc.requestCallback<_caskade_target_v1_TargetStatusRead>): grpc.ClientUnaryCall;
  getStatus(argument: _caskade_target_v1_StatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_TargetStatusRead>): grpc.ClientUnaryCall;
  getStatus(argument: _caskade_target_v1_StatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_target_v1_TargetStatusRead>): grpc.ClientUnaryCall;
  getStatus(argument: _caskade_target_v1_StatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_TargetStatusRead>): grpc.ClientUnaryCall;
  getStatus(argument: _caskade_target_v1_StatusRequest, callback: grpc.requestCallback<_caskade_target_v1_TargetStatusRead>): grpc.ClientUnaryCall;
  
  /**
   * Ascending by number.
   */
  ListSnapshots(argument: _caskade_target_v1_StatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_SnapshotListRead>): grpc.ClientUnaryCall;
  ListSnapshots(argument: _caskade_target_v1_StatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_target_v1_SnapshotListRead>): grpc.ClientUnaryCall;
  ListSnapshots(argument: _caskade_target_v1_StatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_SnapshotListRead>): grpc.ClientUnaryCall;
  ListSnapshots(argument: _caskade_target_v1_StatusRequest, callback: grpc.requestCallback<_caskade_target_v1_SnapshotListRead>): grpc.ClientUnaryCall;
  /**
   * Ascending by number.
   */
  listSnapshots(argument: _caskade_target_v1_StatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_SnapshotListRead>): grpc.ClientUnaryCall;
  listSnapshots(argument: _caskade_target_v1_StatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_target_v1_SnapshotListRead>): grpc.ClientUnaryCall;
  listSnapshots(argument: _caskade_target_v1_StatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_SnapshotListRead>): grpc.ClientUnaryCall;
  listSnapshots(argument: _caskade_target_v1_StatusRequest, callback: grpc.requestCallback<_caskade_target_v1_SnapshotListRead>): grpc.ClientUnaryCall;
  
  /**
   * Grows the volume; INVALID_ARGUMENT when smaller than it is.
   */
  Resize(argument: _caskade_target_v1_ResizeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  Resize(argument: _caskade_target_v1_ResizeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  Resize(argument: _caskade_target_v1_ResizeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  Resize(argument: _caskade_target_v1_ResizeRequest, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  /**
   * Grows the volume; INVALID_ARGUMENT when smaller than it is.
   */
  resize(argument: _caskade_target_v1_ResizeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  resize(argument: _caskade_target_v1_ResizeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  resize(argument: _caskade_target_v1_ResizeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  resize(argument: _caskade_target_v1_ResizeRequest, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  
  /**
   * The volume's content becomes that of the snapshot. NOT_FOUND; FAILED_PRECONDITION while initiators are logged in, or
   * when later snapshots would be lost and `remove_newer` is not set.
   */
  RevertToSnapshot(argument: _caskade_target_v1_RevertRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  RevertToSnapshot(argument: _caskade_target_v1_RevertRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  RevertToSnapshot(argument: _caskade_target_v1_RevertRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  RevertToSnapshot(argument: _caskade_target_v1_RevertRequest, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  /**
   * The volume's content becomes that of the snapshot. NOT_FOUND; FAILED_PRECONDITION while initiators are logged in, or
   * when later snapshots would be lost and `remove_newer` is not set.
   */
  revertToSnapshot(argument: _caskade_target_v1_RevertRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  revertToSnapshot(argument: _caskade_target_v1_RevertRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  revertToSnapshot(argument: _caskade_target_v1_RevertRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  revertToSnapshot(argument: _caskade_target_v1_RevertRequest, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  
  /**
   * Compares the replicas in sync in the background, and writes anew what differs; the status tells of it. Idempotent: one
   * that runs goes on. UNAVAILABLE while the volume does not serve.
   */
  Scrub(argument: _caskade_target_v1_ScrubRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  Scrub(argument: _caskade_target_v1_ScrubRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  Scrub(argument: _caskade_target_v1_ScrubRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  Scrub(argument: _caskade_target_v1_ScrubRequest, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  /**
   * Compares the replicas in sync in the background, and writes anew what differs; the status tells of it. Idempotent: one
   * that runs goes on. UNAVAILABLE while the volume does not serve.
   */
  scrub(argument: _caskade_target_v1_ScrubRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  scrub(argument: _caskade_target_v1_ScrubRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  scrub(argument: _caskade_target_v1_ScrubRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  scrub(argument: _caskade_target_v1_ScrubRequest, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  
  /**
   * Replaces the list of initiators that may log in; durable on a quorum of replicas before it is answered. Sessions of
   * others are ended. UNAVAILABLE without a quorum.
   */
  SetInitiators(argument: _caskade_target_v1_SetInitiatorsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  SetInitiators(argument: _caskade_target_v1_SetInitiatorsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  SetInitiators(argument: _caskade_target_v1_SetInitiatorsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  SetInitiators(argument: _caskade_target_v1_SetInitiatorsRequest, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  /**
   * Replaces the list of initiators that may log in; durable on a quorum of replicas before it is answered. Sessions of
   * others are ended. UNAVAILABLE without a quorum.
   */
  setInitiators(argument: _caskade_target_v1_SetInitiatorsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  setInitiators(argument: _caskade_target_v1_SetInitiatorsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  setInitiators(argument: _caskade_target_v1_SetInitiatorsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  setInitiators(argument: _caskade_target_v1_SetInitiatorsRequest, callback: grpc.requestCallback<_caskade_target_v1_EmptyRead>): grpc.ClientUnaryCall;
  
  /**
   * The status at once, then after each change, at most twice a second. Counters alone are no change.
   */
  WatchStatus(argument: _caskade_target_v1_StatusRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_caskade_target_v1_TargetStatusRead>;
  WatchStatus(argument: _caskade_target_v1_StatusRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_caskade_target_v1_TargetStatusRead>;
  /**
   * The status at once, then after each change, at most twice a second. Counters alone are no change.
   */
  watchStatus(argument: _caskade_target_v1_StatusRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_caskade_target_v1_TargetStatusRead>;
  watchStatus(argument: _caskade_target_v1_StatusRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_caskade_target_v1_TargetStatusRead>;
  
}

export interface TargetHandlers extends grpc.UntypedServiceImplementation {
  /**
   * Names the state after everything that was acknowledged before; durable on a quorum when answered. Asked again with the
   * name of one that there is, it answers that one. INVALID_ARGUMENT, RESOURCE_EXHAUSTED (as many as there may be),
   * FAILED_PRECONDITION (a pool's release knows no snapshots), UNAVAILABLE (no quorum, or another command runs).
   */
  CreateSnapshot: grpc.handleUnaryCall<_caskade_target_v1_CreateSnapshotRequestRead, _caskade_target_v1_CreateSnapshotAnswer>;
  
  /**
   * There being none is no error.
   */
  DeleteSnapshot: grpc.handleUnaryCall<_caskade_target_v1_SnapshotRequestRead, _caskade_target_v1_Empty>;
  
  GetStatus: grpc.handleUnaryCall<_caskade_target_v1_StatusRequestRead, _caskade_target_v1_TargetStatus>;
  
  /**
   * Ascending by number.
   */
  ListSnapshots: grpc.handleUnaryCall<_caskade_target_v1_StatusRequestRead, _caskade_target_v1_SnapshotList>;
  
  /**
   * Grows the volume; INVALID_ARGUMENT when smaller than it is.
   */
  Resize: grpc.handleUnaryCall<_caskade_target_v1_ResizeRequestRead, _caskade_target_v1_Empty>;
  
  /**
   * The volume's content becomes that of the snapshot. NOT_FOUND; FAILED_PRECONDITION while initiators are logged in, or
   * when later snapshots would be lost and `remove_newer` is not set.
   */
  RevertToSnapshot: grpc.handleUnaryCall<_caskade_target_v1_RevertRequestRead, _caskade_target_v1_Empty>;
  
  /**
   * Compares the replicas in sync in the background, and writes anew what differs; the status tells of it. Idempotent: one
   * that runs goes on. UNAVAILABLE while the volume does not serve.
   */
  Scrub: grpc.handleUnaryCall<_caskade_target_v1_ScrubRequestRead, _caskade_target_v1_Empty>;
  
  /**
   * Replaces the list of initiators that may log in; durable on a quorum of replicas before it is answered. Sessions of
   * others are ended. UNAVAILABLE without a quorum.
   */
  SetInitiators: grpc.handleUnaryCall<_caskade_target_v1_SetInitiatorsRequestRead, _caskade_target_v1_Empty>;
  
  /**
   * The status at once, then after each change, at most twice a second. Counters alone are no change.
   */
  WatchStatus: grpc.handleServerStreamingCall<_caskade_target_v1_StatusRequestRead, _caskade_target_v1_TargetStatus>;
  
}

export interface TargetDefinition extends grpc.ServiceDefinition {
  CreateSnapshot: MethodDefinition<_caskade_target_v1_CreateSnapshotRequest, _caskade_target_v1_CreateSnapshotAnswer, _caskade_target_v1_CreateSnapshotRequestRead, _caskade_target_v1_CreateSnapshotAnswerRead>
  DeleteSnapshot: MethodDefinition<_caskade_target_v1_SnapshotRequest, _caskade_target_v1_Empty, _caskade_target_v1_SnapshotRequestRead, _caskade_target_v1_EmptyRead>
  GetStatus: MethodDefinition<_caskade_target_v1_StatusRequest, _caskade_target_v1_TargetStatus, _caskade_target_v1_StatusRequestRead, _caskade_target_v1_TargetStatusRead>
  ListSnapshots: MethodDefinition<_caskade_target_v1_StatusRequest, _caskade_target_v1_SnapshotList, _caskade_target_v1_StatusRequestRead, _caskade_target_v1_SnapshotListRead>
  Resize: MethodDefinition<_caskade_target_v1_ResizeRequest, _caskade_target_v1_Empty, _caskade_target_v1_ResizeRequestRead, _caskade_target_v1_EmptyRead>
  RevertToSnapshot: MethodDefinition<_caskade_target_v1_RevertRequest, _caskade_target_v1_Empty, _caskade_target_v1_RevertRequestRead, _caskade_target_v1_EmptyRead>
  Scrub: MethodDefinition<_caskade_target_v1_ScrubRequest, _caskade_target_v1_Empty, _caskade_target_v1_ScrubRequestRead, _caskade_target_v1_EmptyRead>
  SetInitiators: MethodDefinition<_caskade_target_v1_SetInitiatorsRequest, _caskade_target_v1_Empty, _caskade_target_v1_SetInitiatorsRequestRead, _caskade_target_v1_EmptyRead>
  WatchStatus: MethodDefinition<_caskade_target_v1_StatusRequest, _caskade_target_v1_TargetStatus, _caskade_target_v1_StatusRequestRead, _caskade_target_v1_TargetStatusRead>
}
