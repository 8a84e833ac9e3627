import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { Empty as _caskade_target_v1_Empty, EmptyRead as _caskade_target_v1_EmptyRead } from './caskade/target/v1/Empty.ts';
import type { Rebuild as _caskade_target_v1_Rebuild, RebuildRead as _caskade_target_v1_RebuildRead } from './caskade/target/v1/Rebuild.ts';
import type { ReplicaStatus as _caskade_target_v1_ReplicaStatus, ReplicaStatusRead as _caskade_target_v1_ReplicaStatusRead } from './caskade/target/v1/ReplicaStatus.ts';
import type { ResizeRequest as _caskade_target_v1_ResizeRequest, ResizeRequestRead as _caskade_target_v1_ResizeRequestRead } from './caskade/target/v1/ResizeRequest.ts';
import type { ScrubRequest as _caskade_target_v1_ScrubRequest, ScrubRequestRead as _caskade_target_v1_ScrubRequestRead } from './caskade/target/v1/ScrubRequest.ts';
import type { SetInitiatorsRequest as _caskade_target_v1_SetInitiatorsRequest, SetInitiatorsRequestRead as _caskade_target_v1_SetInitiatorsRequestRead } from './caskade/target/v1/SetInitiatorsRequest.ts';
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
        Empty: MessageTypeDefinition<_caskade_target_v1_Empty, _caskade_target_v1_EmptyRead>
        Rebuild: MessageTypeDefinition<_caskade_target_v1_Rebuild, _caskade_target_v1_RebuildRead>
        ReplicaStatus: MessageTypeDefinition<_caskade_target_v1_ReplicaStatus, _caskade_target_v1_ReplicaStatusRead>
        ResizeRequest: MessageTypeDefinition<_caskade_target_v1_ResizeRequest, _caskade_target_v1_ResizeRequestRead>
        ScrubRequest: MessageTypeDefinition<_caskade_target_v1_ScrubRequest, _caskade_target_v1_ScrubRequestRead>
        SetInitiatorsRequest: MessageTypeDefinition<_caskade_target_v1_SetInitiatorsRequest, _caskade_target_v1_SetInitiatorsRequestRead>
        StatusRequest: MessageTypeDefinition<_caskade_target_v1_StatusRequest, _caskade_target_v1_StatusRequestRead>
        Target: SubtypeConstructor<typeof grpc.Client, _caskade_target_v1_TargetClient> & { service: _caskade_target_v1_TargetDefinition }
        TargetStatus: MessageTypeDefinition<_caskade_target_v1_TargetStatus, _caskade_target_v1_TargetStatusRead>
        VolumeScrub: MessageTypeDefinition<_caskade_target_v1_VolumeScrub, _caskade_target_v1_VolumeScrubRead>
      }
    }
  }
}

