import { expect, test } from '@jest/globals';
import type { MembershipRecord } from '../api/target-config.ts';
import { inForce, merged, required } from './membership.ts';

const v1: MembershipRecord = { version: 1, members: { a: 'g1', b: 'g2', c: 'g3' } };
const v2: MembershipRecord = { version: 2, members: { a: 'g1', b: 'g2', d: 'g4' } };
const v3: MembershipRecord = { version: 3, members: { a: 'g1', d: 'g4' } };
const heard = (committed: number, ...memberships: MembershipRecord[]) => ({ memberships, committed });

test('R33: promises are needed in the record in force and in every later one that anybody has heard of', () => {
  expect(required(v1, [heard(1, v1)])).toEqual([v1]);
  expect(required(v1, [heard(1, v1), heard(1, v1, v2)])).toEqual([v1, v2]);
});

test('R33: a record that is known to be committed is enough, however old the file is', () => {
  expect(required(v1, [heard(1, v1, v2), heard(2, v2)])).toEqual([v2]);
  expect(required(v1, [heard(2, v2), heard(3, v3)])).toEqual([v3]);
});

test('R32: the membership is that of the chosen history; a change in it goes on in both', () => {
  expect(inForce({ current: v1, next: v2 }, v1, [heard(1, v1)])).toMatchObject({
    ok: true,
    state: { current: v1, next: v2 },
  });
  expect(inForce({ current: v1, next: v2 }, v1, [heard(2, v2)])).toMatchObject({
    ok: true,
    state: { current: v2 },
  });
  expect(inForce({ current: v1 }, v1, [heard(1, v1)])).toMatchObject({ ok: true, state: { current: v1 } });
});

test('R33: a record that stands alone in the file and that no replica knows is not believed, unless forced (R36)', () => {
  expect(inForce({ current: v1 }, v3, [heard(1, v1)]).ok).toBe(false);
  expect(inForce(undefined, v3, []).ok).toBe(false);
  const forced = { ...v3, forced: true };
  expect(inForce({ current: v1 }, forced, [heard(1, v1)])).toMatchObject({
    ok: true,
    state: { current: forced },
    forced: true,
  });
});

test('R36: a forced record that one of those that go on knows to be committed is in force, whatever the chosen one knows', () => {
  const forced = { ...v3, forced: true };
  const knows = [heard(1, v1), heard(3, forced)];
  for (const chosen of [undefined, { current: v1 }, { current: v1, next: v2 }])
    for (const configured of [v1, forced])
      expect(inForce(chosen, configured, knows)).toEqual({
        ok: true,
        state: { current: forced },
        forced: false,
      });
  // It was only heard of: whoever has the file goes on by force, the others go on as before.
  expect(inForce({ current: v1 }, v1, [heard(1, v1, forced)])).toMatchObject({ state: { current: v1 } });
  const later = { version: 4, members: { a: 'g1' }, forced: true };
  expect(inForce({ current: v1 }, later, knows)).toMatchObject({ state: { current: later }, forced: true });
});

test('what is committed makes older records go, and of the rest the newest stay', () => {
  expect(merged([v3, v1, v2], 2)).toEqual([v2, v3]);
  expect(merged([v1, v1], 0)).toEqual([v1]);
});
