import { MemoryDevice } from '../../testing/memory-device.ts';
import { blockDeviceContract } from './block-device.contract.ts';

blockDeviceContract('a device in memory', async (sizeBytes) =>
  Promise.resolve(new MemoryDevice({ name: 'memory', sizeBytes })),
);
