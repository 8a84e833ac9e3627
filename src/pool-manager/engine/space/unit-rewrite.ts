/** Puts back what no copy was good of, where it lies: content that came from elsewhere, verified by the caller. */
import { blockBytes, sectorBytes } from '../../../shared/block-size.ts';
import type { BlockSpace } from './block-space.ts';
import type { Place } from '../map/map-space.ts';
import type { Segments } from './segments.ts';

/** The cleaner may move the unit meanwhile; more often than this it does not. */
const attemptsMax = 4;

/** Answers false when the name is gone, or did not keep still. The caller holds a pin. */
export async function rewriteStored(
  space: Pick<BlockSpace, 'place' | 'isSent' | 'drained'>,
  segments: Segments,
  words: Uint32Array,
  at: number,
  stored: Uint8Array,
): Promise<boolean> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const place = space.place(words, at);
    if (place === undefined) return false;
    if (!space.isSent(words, at)) await space.drained();
    const { group } = segments.groupAt(place.group);
    const unit = await unitWith(group.read.bind(group), place, stored);
    if (!isSame(place, space.place(words, at))) continue;
    await group.rewrite(place.segment, place.unit, unit);
    if (isSame(place, space.place(words, at))) return true;
  }
  return false;
}

/** The whole unit: a compressed block shares it with others, which stay as they are. */
async function unitWith(
  read: (
    segment: number,
    unit: number,
    count: number,
    isGood: () => boolean,
  ) => Promise<{ bytes: Uint8Array }>,
  place: Place,
  stored: Uint8Array,
): Promise<Uint8Array> {
  if (stored.byteLength === blockBytes) return stored;
  const { bytes } = await read(place.segment, place.unit, 1, () => true);
  const unit = bytes.slice();
  unit.set(stored, place.sectorInUnit * sectorBytes);
  return unit;
}

const isSame = (a: Place, b: Place | undefined): boolean =>
  b !== undefined && a.group === b.group && a.segment === b.segment && a.unit === b.unit;
