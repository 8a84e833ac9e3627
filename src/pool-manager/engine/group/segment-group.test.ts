import { columnGroup, layouts } from '../../../testing/column-group.ts';
import { memoryGroup } from '../../../testing/memory-group.ts';
import { segmentGroupContract } from './segment-group.contract.ts';

segmentGroupContract('in memory', () => memoryGroup({ segments: 4, segmentUnits: 64 }));
for (const [name, layout, devices] of layouts)
  segmentGroupContract(name, () => columnGroup(layout, devices).group);
