import { expect, test } from '@jest/globals';
import { Store } from './store.ts';

interface Thing {
  metadata: {
    name: string;
    namespace?: string;
    uid: string;
    resourceVersion: string;
    labels?: Record<string, string>;
    ownerReferences?: { apiVersion: string; kind: string; name: string; uid: string }[];
  };
}
const thing = (name: string, version: number, more: Partial<Thing['metadata']> = {}): Thing => ({
  metadata: { name, namespace: 'ns', uid: `uid-${name}`, resourceVersion: String(version), ...more },
});
const owner = (uid: string) => ({ apiVersion: 'v1', kind: 'Owner', name: 'o', uid });
const summary = (changes: readonly ({ type: string; object: Thing } | undefined)[]) =>
  changes.map((change) =>
    change === undefined
      ? 'nothing'
      : `${change.type} ${change.object.metadata.name}@${change.object.metadata.resourceVersion}`,
  );

test('a change is reported once', () => {
  const store = new Store<Thing>();
  const steps = [
    store.set(thing('a', 1)),
    store.set(thing('a', 1)),
    store.set(thing('a', 2)),
    store.remove(thing('a', 3)),
    store.remove(thing('a', 3)),
  ];
  expect(summary(steps)).toEqual(['added a@1', 'nothing', 'changed a@2', 'deleted a@3', 'nothing']);
  expect(store.size).toBe(0);
});

test('a list after a gap reports what went meanwhile', () => {
  const store = new Store<Thing>();
  for (const object of [thing('a', 1), thing('b', 1), thing('c', 1), thing('d', 1)]) store.set(object);
  const changes = store.replace([
    thing('a', 1),
    thing('b', 2),
    thing('d', 5, { uid: 'another' }),
    thing('e', 3),
  ]);
  expect(summary(changes)).toEqual(['deleted c@1', 'deleted d@1', 'changed b@2', 'added d@5', 'added e@3']);
  expect(store.list().map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'd', 'e']);
});

test('labels and owners are followed', () => {
  const store = new Store<Thing>();
  store.set(thing('a', 1, { labels: { pool: 'p1' }, ownerReferences: [owner('o1')] }));
  store.set(thing('b', 1, { labels: { pool: 'p1' }, ownerReferences: [owner('o1'), owner('o2')] }));
  const names = (things: readonly Thing[]) => things.map(({ metadata }) => metadata.name);
  expect([
    names(store.byLabel('pool', 'p1')),
    names(store.byOwner('o1')),
    names(store.byOwner('o2')),
  ]).toEqual([['a', 'b'], ['a', 'b'], ['b']]);
  store.set(thing('a', 2, { labels: { pool: 'p2' } }));
  store.remove(thing('b', 2));
  expect([
    names(store.byLabel('pool', 'p1')),
    names(store.byLabel('pool', 'p2')),
    names(store.byOwner('o1')),
  ]).toEqual([[], ['a'], []]);
});

test('namespaces are kept apart', () => {
  const store = new Store<Thing>();
  store.set(thing('a', 1));
  store.set(thing('a', 2, { namespace: 'other' }));
  const clusterWide: Thing = { metadata: { name: 'a', uid: 'u', resourceVersion: '3' } };
  store.set(clusterWide);
  expect(store.size).toBe(3);
  expect(store.list('other')).toEqual([thing('a', 2, { namespace: 'other' })]);
  expect(store.get({ name: 'a' })).toBe(clusterWide);
  expect(store.get({ namespace: 'ns', name: 'a' })).toEqual(thing('a', 1));
});
