/** Without room in the pool, in the words of the admin calls. */
import { StatusError } from '../shared/grpc/status-error.ts';
import { NoSpaceError } from './engine/volume-store.ts';

/** Runs what takes room; without any: RESOURCE_EXHAUSTED. */
export async function takingRoom<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof NoSpaceError)
      throw new StatusError('RESOURCE_EXHAUSTED', error.message, { cause: error });
    throw error;
  }
}
