import { expect, test } from '@jest/globals';
import type { SpaceRoom } from '../space/block-space.ts';
import { NoSpaceError } from '../volume-store.ts';
import { PoolAdmission } from './pool-admission.ts';

/** A pool of 1,000 units, of which 100 are kept from users, but 40 of these not from what has a number. */
function admissionOf(
  busyUnits: number,
  options: { readonly freeUnits?: number; readonly percent?: number } = {},
) {
  const userUnits = Math.max(0, 900 - busyUnits);
  const userUnitsNow = (options.freeUnits ?? 1_000 - busyUnits) - 20;
  const room = {
    totalUnits: 1_000,
    reserveUnits: 100,
    lateReserveUnits: 40,
    busyUnits,
    userUnits,
    userUnitsNow,
    heldUnits: 15,
    lateUnits: 940 - busyUnits,
    userUnitsAtLeast: Math.min(userUnits, userUnitsNow),
  } as SpaceRoom;
  return new PoolAdmission({
    pool: 'p',
    room,
    roThresholdPercent: () => options.percent ?? 100,
    onDeltas: () => undefined,
  });
}

test('what a target has numbered gets a part of what users are kept from; what is copied does not', () => {
  const full = admissionOf(900);
  expect([full.writableUnits, full.availableUnits]).toEqual([0, 0]);
  expect(() => full.admit(30, 11, 'numbered')).toThrow(NoSpaceError);
  expect(() => full.admit(30, 10, 'numbered')).not.toThrow();
  expect(() => full.admit(1, 0, 'copied')).toThrow('pool p is full: 4096 bytes asked, 0 left');
});

test('it has an end: what was taken of the reserve counts, and nothing is given that is not free now', () => {
  expect(() => admissionOf(930).admit(10, 0, 'numbered')).not.toThrow();
  expect(() => admissionOf(930).admit(11, 0, 'numbered')).toThrow(NoSpaceError);
  expect(() => admissionOf(700, { freeUnits: 25 }).admit(6, 0, 'numbered')).toThrow(NoSpaceError);
});

test('above the threshold, too, there is as much for what was on its way', () => {
  const above = admissionOf(450, { percent: 50 });
  expect(above.writableUnits).toBe(0);
  expect(() => above.admit(40, 0, 'numbered')).not.toThrow();
  expect(() => above.admit(41, 0, 'numbered')).toThrow(NoSpaceError);
});

test('targets are told of no room that nodes to be built will take', () => {
  const admission = admissionOf(800);
  admission.pend(60, 1);
  expect(admission.writableUnits).toBe(40);
});

test('what is held comes to what may be filled now, and not to what there is in the end', () => {
  const { availableUnits, comingUnits } = admissionOf(700, { freeUnits: 120 });
  expect([availableUnits, comingUnits]).toEqual([100, 115]);
  expect(admissionOf(700).comingUnits).toBe(200);
});
