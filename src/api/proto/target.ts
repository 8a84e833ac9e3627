import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { CreateSnapshotAnswer as _caskade_target_v1_CreateSnapshotAnswer, CreateSnapshotAnswerRead as _caskade_target_v1_CreateSnapshotAnswerRead } from './caskade/target/v1/CreateSnapshotAnswer.ts';
import type { CreateSnapshotRequest as _caskade_target_v1_CreateSnapshotRequest, CreateSnapshotRequestRead as _caskade_target_v1_CreateSnapshotRequestRead } from './caskade/target/v1/CreateSnapshotRequest.ts';
import type { Empty as _caskade_target_v1_Empty, EmptyRead as _caskade_target_v1_EmptyRead } from './caskade/target/v1/Empty.ts';
import type { InitiatorSession as _caskade_target_v1_InitiatorSession, InitiatorSessionRead as _caskade_target_v1_InitiatorSessionRead } from './caskade/target/v1/InitiatorSession.ts';
import type { Rebuild as _caskade_target_v1_Rebuild, RebuildRead as _caskade_target_v1_RebuildRead } from './caskade/target/v1/Rebuild.ts';
import type { ReplicaStatus as _caskade_target_v1_ReplicaStatus, ReplicaStatusRead as _caskade_target_v1_ReplicaStatusRead } from './caskade/target/v1/ReplicaStatus.ts';
import type { ResizeRequest as _caskade_target_v1_ResizeRequest, ResizeRequestRead as _caskade_target_v1_ResizeRequestRead } from './caskade/target/v1/ResizeRequest.ts';
import type { RevertRequest as _caskade_target_v1_RevertRequest, RevertRequestRead as _caskade_target_v1_RevertRequestRead } from './caskade/target/v1/RevertRequest.ts';
import type { ScrubRequest as _caskade_target_v1_ScrubRequest, ScrubRequestRead as _caskade_target_v1_ScrubRequestRead } from './caskade/target/v1/ScrubRequest.ts';
import type { SetInitiatorsRequest as _caskade_target_v1_SetInitiatorsRequest, SetInitiatorsRequestRead as _caskade_target_v1_SetInitiatorsRequestRead } from './caskade/target/v1/SetInitiatorsRequest.ts';
import type { Snapshot as _caskade_target_v1_Snapshot, SnapshotRead as _caskade_target_v1_SnapshotRead } from './caskade/target/v1/Snapshot.ts';
import type { SnapshotList as _caskade_target_v1_SnapshotList, SnapshotListRead as _caskade_target_v1_SnapshotListRead } from './caskade/target/v1/SnapshotList.ts';
import type { SnapshotRequest as _caskade_target_v1_SnapshotRequest, SnapshotRequestRead as _caskade_target_v1_SnapshotRequestRead } from './caskade/target/v1/SnapshotRequest.ts';
import type { StatusRequest as _caskade_target_v1_StatusRequest, StatusRequestRead as _caskade_target_v1_StatusRequestRead } from './caskade/target/v1/StatusRequest.ts';
import type { TargetClient as _caskade_target_v1_TargetClient, TargetDefinition as _caskade_target_v1_TargetDefinition } from './caskade/target/v1/Target.ts';
import type { TargetStatus as _caskade_target_v1_TargetStatus, TargetStatusRead as _caskade_target_v1_TargetStatusRead } from './caskade/target/v1/TargetStatus.ts';
import type { VolumeScrub as _caskade_target_v1_VolumeScrub, VolumeScrubRead as _caskade_target_v1_VolumeScrubRead } from './caskade/target/v1/VolumeScrub.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  caskade: {
    target: {
      v1: {
        CreateSnapshotAnswer: MessageTypeDefinition<_caskade_target_v1_CreateSnapshotAnswer, _caskade_target_v1_CreateSnapshotAnswerRead>
        CreateSnapshotRequest: MessageTypeDefinition<_caskade_target_v1_CreateSnapshotRequest, _caskade_target_v1_CreateSnapshotRequestRead>
        Empty: MessageTypeDefinition<_caskade_target_v1_Empty, _caskade_target_v1_EmptyRead>
        InitiatorSession: MessageTypeDefinition<_caskade_target_v1_InitiatorSession, _caskade_target_v1_InitiatorSessionRead>
        Rebuild: MessageTypeDefinition<_caskade_target_v1_Rebuild, _caskade_target_v1_RebuildRead>
        ReplicaStatus: MessageTypeDefinition<_caskade_target_v1_ReplicaStatus, _caskade_target_v1_ReplicaStatusRead>
        ResizeRequest: MessageTypeDefinition<_caskade_target_v1_ResizeRequest, _caskade_target_v1_ResizeRequestRead>
        RevertRequest: MessageTypeDefinition<_caskade_target_v1_RevertRequest, _caskade_target_v1_RevertRequestRead>
        ScrubRequest: MessageTypeDefinition<_caskade_target_v1_ScrubRequest, _caskade_target_v1_ScrubRequestRead>
        SetInitiatorsRequest: MessageTypeDefinition<_caskade_target_v1_SetInitiatorsRequest, _caskade_target_v1_SetInitiatorsRequestRead>
        Snapshot: MessageTypeDefinition<_caskade_target_v1_Snapshot, _caskade_target_v1_SnapshotRead>
        SnapshotList: MessageTypeDefinition<_caskade_target_v1_SnapshotList, _caskade_target_v1_SnapshotListRead>
        SnapshotRequest: MessageTypeDefinition<_caskade_target_v1_SnapshotRequest, _caskade_target_v1_SnapshotRequestRead>
        StatusRequest: MessageTypeDefinition<_caskade_target_v1_StatusRequest, _caskade_target_v1_StatusRequestRead>
        Target: SubtypeConstructor<typeof grpc.Client, _caskade_target_v1_TargetClient> & { service: _caskade_target_v1_TargetDefinition }
        TargetStatus: MessageTypeDefinition<_caskade_target_v1_TargetStatus, _caskade_target_v1_TargetStatusRead>
        VolumeScrub: MessageTypeDefinition<_caskade_target_v1_VolumeScrub, _caskade_target_v1_VolumeScrubRead>
      }
    }
  }
}

