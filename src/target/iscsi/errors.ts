/** Why a session refuses what its peer sent: reject reasons (RFC 7143 §11.17.1) and login statuses (§11.13.5). */

export const rejectReason = {
  dataDigestError: 0x02,
  snackReject: 0x03,
  protocolError: 0x04,
  commandNotSupported: 0x05,
  immediateCommandReject: 0x06,
  taskInProgress: 0x07,
  invalidPduField: 0x09,
  outOfResources: 0x0a,
  waitingForLogout: 0x0c,
} as const;
export type RejectReason = (typeof rejectReason)[keyof typeof rejectReason];

/**
 * The peer broke the protocol so that the stream can not be trusted any further. At error recovery level 0 the answer is
 * a Reject PDU where there is a `reason`, and the end of the connection.
 */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  /** Undefined: no Reject is sent (a header that failed its digest is no header). */
  readonly reason: RejectReason | undefined;
  /** The header to quote in the Reject. */
  readonly bhs: Uint8Array | undefined;
  constructor(message: string, reason?: RejectReason, bhs?: Uint8Array) {
    super(message);
    this.reason = reason;
    this.bhs = bhs;
  }
}

/** Status class in the high byte, detail in the low one. */
export const loginStatus = {
  success: 0x0000,
  movedTemporarily: 0x0101,
  initiatorError: 0x0200,
  authenticationFailed: 0x0201,
  notAllowed: 0x0202,
  targetNotFound: 0x0203,
  unsupportedVersion: 0x0205,
  tooManyConnections: 0x0206,
  missingParameter: 0x0207,
  unsupportedSessionType: 0x0209,
  noSuchSession: 0x020a,
  invalidDuringLogin: 0x020b,
  targetError: 0x0300,
  serviceUnavailable: 0x0301,
  outOfResources: 0x0302,
} as const;
export type LoginStatus = (typeof loginStatus)[keyof typeof loginStatus];

/** The login is refused: the response carries `status`, and where it says so an address, then the connection ends. */
export class LoginRefusal extends Error {
  override readonly name = 'LoginRefusal';
  readonly status: LoginStatus;
  /** TargetAddress of a redirection. */
  readonly address: string | undefined;
  constructor(status: LoginStatus, message: string, address?: string) {
    super(message);
    this.status = status;
    this.address = address;
  }
}
