import { resources } from '../../api/resources.ts';
import { keyIn, type World } from '../world.ts';

/** Sets an annotation of a claim of ours, or takes it away (`value` undefined). */
export async function annotateClaim(
  { client, settings }: World,
  name: string,
  annotation: string,
  value: string | undefined,
): Promise<void> {
  await client.modify(resources.blockDeviceClaim, keyIn(settings, name), ({ metadata, ...rest }) => {
    const { [annotation]: _before, ...others } = metadata.annotations ?? {};
    const annotations = value === undefined ? others : { ...others, [annotation]: value };
    return { ...rest, metadata: { ...metadata, annotations } };
  });
}
