/** What the demo calls its objects. */
export const names = {
  pool: 'cstor-disk-pool',
  class: 'openebs-cstor-disk-pool',
  claim: 'demo-volume',
  pod: 'demo',
  namespace: 'default',
} as const;
