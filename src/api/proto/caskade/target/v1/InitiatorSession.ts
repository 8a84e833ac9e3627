// Original file: proto/target.proto

import type { Long } from '@grpc/proto-loader';

export interface InitiatorSession {
  'initiator'?: (string);
  /**
   * 12 hexadecimal digits: with the name of the initiator they are the SCSI initiator port.
   */
  'isid'?: (string);
  /**
   * HOST:PORT that it comes from.
   */
  'peer'?: (string);
  /**
   * Target session identifying handle.
   */
  'tsih'?: (number);
  'discovery'?: (boolean);
  'headerDigest'?: (boolean);
  'dataDigest'?: (boolean);
  /**
   * It proved itself by CHAP.
   */
  'authenticated'?: (boolean);
  'upSeconds'?: (number | string | Long);
}

export interface InitiatorSessionRead {
  'initiator': (string);
  /**
   * 12 hexadecimal digits: with the name of the initiator they are the SCSI initiator port.
   */
  'isid': (string);
  /**
   * HOST:PORT that it comes from.
   */
  'peer': (string);
  /**
   * Target session identifying handle.
   */
  'tsih': (number);
  'discovery': (boolean);
  'headerDigest': (boolean);
  'dataDigest': (boolean);
  /**
   * It proved itself by CHAP.
   */
  'authenticated': (boolean);
  'upSeconds': (number);
}
