/** Text requests in full feature phase: SendTargets (RFC 7143, Appendix C) and what else may come. */
import type { KeyValue } from './text-keys.ts';

export interface Advertised {
  readonly iqn: string;
  /** HOST:PORT where the target is reached. */
  readonly address: string;
}

const iscsiName = /^(iqn|eui|naa)\./i;

/** The answer to SendTargets; `value` is All (discovery sessions only), empty for "this target", or a name. */
function sendTargets(value: string, discovery: boolean, target: Advertised): readonly KeyValue[] {
  const isKnown = value === '' || iscsiName.test(value) || (value === 'All' && discovery);
  if (!isKnown) return [{ key: 'SendTargets', value: 'Reject' }];
  const named = value === 'All' || value === '' || value.toLowerCase() === target.iqn.toLowerCase();
  if (!named) return [];
  return [
    { key: 'TargetName', value: target.iqn },
    { key: 'TargetAddress', value: `${target.address},1` },
  ];
}

export function answerText(
  offered: readonly KeyValue[],
  discovery: boolean,
  target: Advertised,
): readonly KeyValue[] {
  return offered.flatMap(({ key, value }) => {
    if (key === 'SendTargets') return sendTargets(value, discovery, target);
    if (key === 'InitiatorAlias') return [];
    return [{ key, value: 'NotUnderstood' }];
  });
}
