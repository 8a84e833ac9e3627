/**
 * The port between CSI's steps and a way to reach an iSCSI target: a block device of this machine for a volume.
 *
 *  - Every answer is read from the machine (sessions, mounts, loop devices, processes), never from memory, so that any
 *    call may follow the death of this process at any moment.
 *  - `attach` and `detach` may be called again and again; each carries on from where things stand.
 */
export interface AttachRequest {
  /** The volume's name; part of paths, hence checked by `isVolumeName` before. */
  readonly volume: string;
  /** HOST:PORT. */
  readonly portal: string;
  readonly iqn: string;
  readonly lun: number;
  /** Our own name, which the target has been told to let in. */
  readonly initiator: string;
  readonly readOnly: boolean;
  readonly chap?: ChapSecret | undefined;
}

export interface ChapSecret {
  readonly user: string;
  readonly secret: string;
  readonly mutual?: { readonly user: string; readonly secret: string } | undefined;
}

export interface Attachment {
  /** `/dev/loop3`, `/dev/sdb`. */
  readonly devicePath: string;
  /** Undefined when well; else what is wrong and what mends it. */
  readonly problem: string | undefined;
}

export interface Attacher {
  /** How the user chose it. */
  readonly name: 'open-iscsi' | 'qemu';
  /** Volumes that one node can have. */
  readonly volumesMax: number;
  /** Why this node can attach nothing, and the remedy; undefined when it can. */
  readiness(): Promise<string | undefined>;
  /** The device, ready for use. Throws StatusError; UNAVAILABLE when trying again may help. */
  attach(request: AttachRequest): Promise<Attachment>;
  /** The device of an attached volume, also when it is no longer well. */
  find(volume: string): Promise<Attachment | undefined>;
  /** Makes a grown volume's new size visible on its device. */
  rescan(volume: string, sizeBytes: number): Promise<void>;
  detach(volume: string): Promise<void>;
  /** At start: cleans what nobody uses and cannot be used again. The answer names what it found and did. */
  recover(): Promise<readonly string[]>;
}

/** Names of volumes become parts of paths, IQNs and object names: a DNS subdomain (RFC 1123), nothing else. */
export const isVolumeName = (text: string): boolean =>
  text.length <= 200 && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(text) && !text.includes('..');
