/** Who logs in, and to what, as the first login request says it (RFC 7143 §6.3.1). */
import { LoginRefusal, loginStatus } from './errors.ts';
import type { PduOf } from './pdu.ts';

/** `isid` is 12 hexadecimal digits; with the name it identifies the session (I_T nexus). */
export interface SessionIdentity {
  /** Lower case. */
  readonly initiator: string;
  readonly isid: string;
  readonly discovery: boolean;
}

interface Here {
  readonly iqn: string;
  readonly movedTo?: (() => string | undefined) | undefined;
}

type Header = Pick<PduOf<'loginRequest'>, 'isidHigh' | 'isidLow'>;

/** Throws LoginRefusal: something is missing, it is not for us, or the target has moved. */
export function identify(request: Header, keys: ReadonlyMap<string, string>, here: Here): SessionIdentity {
  const initiator = keys.get('InitiatorName')?.toLowerCase();
  if (initiator === undefined || !/^(iqn\.|eui\.|naa\.)[^\s=\0]{1,219}$/.test(initiator))
    throw new LoginRefusal(loginStatus.missingParameter, 'InitiatorName is missing or malformed');
  const type = keys.get('SessionType') ?? 'Normal';
  if (type !== 'Normal' && type !== 'Discovery')
    throw new LoginRefusal(loginStatus.unsupportedSessionType, 'SessionType is neither Normal nor Discovery');
  const target = keys.get('TargetName')?.toLowerCase();
  if (target === undefined && type === 'Normal')
    throw new LoginRefusal(loginStatus.missingParameter, 'TargetName is missing');
  if (target !== undefined && target !== here.iqn.toLowerCase())
    throw new LoginRefusal(loginStatus.targetNotFound, 'no such target');
  const movedTo = type === 'Normal' ? here.movedTo?.() : undefined;
  if (movedTo !== undefined)
    throw new LoginRefusal(loginStatus.movedTemporarily, `sent to ${movedTo}`, movedTo);
  return { initiator, isid: isidOf(request), discovery: type === 'Discovery' };
}

export function isidOf(request: Header): string {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
  return hex(request.isidHigh, 8) + hex(request.isidLow, 4);
}
