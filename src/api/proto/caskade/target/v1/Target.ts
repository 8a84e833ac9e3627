// Original file: proto/target.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { Empty as _caskade_target_v1_Empty, EmptyRead as _caskade_target_v1_EmptyRead } from '../../../caskade/target/v1/Empty.ts';
import type { ResizeRequest as _caskade_target_v1_ResizeRequest, ResizeRequestRead as _caskade_target_v1_ResizeRequestRead } from '../../../caskade/target/v1/ResizeRequest.ts';
import type { ScrubRequest as _caskade_target_v1_ScrubRequest, ScrubRequestRead as _caskade_target_v1_ScrubRequestRead } from '../../../caskade/target/v1/ScrubRequest.ts';
import type { SetInitiatorsRequest as _caskade_target_v1_SetInitiatorsRequest, SetInitiatorsRequestRead as _caskade_target_v1_SetInitiatorsRequestRead } from '../../../caskade/target/v1/SetInitiatorsRequest.ts';
import type { StatusRequest as _caskade_target_v1_StatusRequest, StatusRequestRead as _caskade_target_v1_StatusRequestRead } from '../../../caskade/target/v1/StatusRequest.ts';
import type { TargetStatus as _caskade_target_v1_TargetStatus, TargetStatusRead as _caskade_target_v1_TargetStatusRead } from '../../../caskade/target/v1/TargetStatus.ts';

export interface TargetClient extends grpc.Client {
  GetStatus(argument: _caskade_target_v1_StatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_TargetStatusRead>): grpc.ClientUnaryCall;
  GetStatus(argument: _caskade_target_v1_StatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_target_v1_TargetStatusRead>): grpc.ClientUnaryCall;
  GetStatus(argument: _caskade_target_v1_StatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_TargetStatusRead>): grpc.ClientUnaryCall;
  GetStatus(argument: _caskade_target_v1_StatusRequest, callback: grpc.requestCallback<_caskade_target_v1_TargetStatusRead>): grpc.ClientUnaryCall;
  getStatus(argument: _caskade_target_v1_StatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_TargetStatusRead>): grpc.ClientUnaryCall;
  getStatus(argument: _caskade_target_v1_StatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_caskade_target_v1_TargetStatusRead>): grpc.ClientUnaryCall;
  getStatus(argument: _caskade_target_v1_StatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_caskade_target_v1_TargetStatusRead>): grpc.ClientUnaryCall;
  getStatus(argument: _caskade_target_v1_StatusRequest, callback: grpc.requestCallback<_caskade_target_v1_TargetStatusRead>): grpc.ClientUnaryCall;
  
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
  GetStatus: grpc.handleUnaryCall<_caskade_target_v1_StatusRequestRead, _caskade_target_v1_TargetStatus>;
  
  /**
   * Grows the volume; INVALID_ARGUMENT when smaller than it is.
   */
  Resize: grpc.handleUnaryCall<_caskade_target_v1_ResizeRequestRead, _caskade_target_v1_Empty>;
  
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
  GetStatus: MethodDefinition<_caskade_target_v1_StatusRequest, _caskade_target_v1_TargetStatus, _caskade_target_v1_StatusRequestRead, _caskade_target_v1_TargetStatusRead>
  Resize: MethodDefinition<_caskade_target_v1_ResizeRequest, _caskade_target_v1_Empty, _caskade_target_v1_ResizeRequestRead, _caskade_target_v1_EmptyRead>
  Scrub: MethodDefinition<_caskade_target_v1_ScrubRequest, _caskade_target_v1_Empty, _caskade_target_v1_ScrubRequestRead, _caskade_target_v1_EmptyRead>
  SetInitiators: MethodDefinition<_caskade_target_v1_SetInitiatorsRequest, _caskade_target_v1_Empty, _caskade_target_v1_SetInitiatorsRequestRead, _caskade_target_v1_EmptyRead>
  WatchStatus: MethodDefinition<_caskade_target_v1_StatusRequest, _caskade_target_v1_TargetStatus, _caskade_target_v1_StatusRequestRead, _caskade_target_v1_TargetStatusRead>
}
