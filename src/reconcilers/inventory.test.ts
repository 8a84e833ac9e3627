import { expect, test } from '@jest/globals';
import { amountsSetting, CasConfigError, parseCasConfig, tolerationsSetting } from './inventory.ts';

test('the annotation as users write it', () => {
  const config = parseCasConfig(
    '- name: StoragePoolClaim\n  value: "cstor-disk-pool"\n- name: ReplicaCount\n  value: 3\n- name: VolumeMonitor\n  enabled: "true"\n',
  );
  expect([...config]).toEqual([
    ['StoragePoolClaim', 'cstor-disk-pool'],
    ['ReplicaCount', '3'],
    ['VolumeMonitor', 'true'],
  ]);
});
test.each([undefined, '', '  \n', '# nothing\n'])('no settings in %j', (text) => {
  expect(parseCasConfig(text).size).toBe(0);
});
// prettier-ignore
test.each([
  ['name: x',                   /is no list/],
  ['- value: x',                /entry 0: it has no name/],
  ['- name: [',                 /is no YAML/],
])('%j is refused', (text, why) => {
  expect(() => parseCasConfig(text)).toThrow(why);
});
test('values that are YAML again', () => {
  const config = parseCasConfig(
    '- name: A\n  value: "memory: 1Gi"\n- name: T\n  value: "- {key: a, operator: Exists, tolerationSeconds: 5}"\n- name: Bad\n  value: "- x"\n',
  );
  expect(amountsSetting(config, 'A')).toEqual({ memory: '1Gi' });
  expect(amountsSetting(config, 'None')).toBeUndefined();
  expect(tolerationsSetting(config, 'T')).toEqual([{ key: 'a', operator: 'Exists', tolerationSeconds: 5 }]);
  expect(() => amountsSetting(config, 'Bad')).toThrow(CasConfigError);
});
