/**
 * The target's cores without sockets, under attack: decoder, session, logical unit, encoder for each connection, and what
 * has to hold after every byte. Whatever does not is thrown as a Breach.
 */
import { noTag, Reader, reply, type Pdu } from '../../../e2e/initiator/wire.ts';
import { must } from '../../shared/assert.ts';
import { MemoryVolume } from '../../target/memory-volume.ts';
import type { Crc32c } from '../../target/iscsi/digest.ts';
import { PduDecoder } from '../../target/iscsi/decoder.ts';
import { PduEncoder } from '../../target/iscsi/encoder.ts';
import { loginStatus, ProtocolError } from '../../target/iscsi/errors.ts';
import { receiveSegmentBytesMax } from '../../target/iscsi/login-keys.ts';
import { Session } from '../../target/iscsi/session.ts';
import {
  defaultSessionLimits,
  type ManagementRequest,
  type SessionEffect,
} from '../../target/iscsi/session-events.ts';
import type { Task } from '../../target/iscsi/task.ts';
import { LogicalUnit } from '../../target/scsi/logical-unit.ts';
import type { Nexus } from '../../target/scsi/nexus.ts';
import { iqn } from '../scsi-rig.ts';
import { attackedSectors } from './hostile-commands.ts';

/** Something that must never be. */
export class Breach extends Error {
  override readonly name = 'Breach';
}

export class AttackedTarget {
  readonly volume = new MemoryVolume(attackedSectors * 512);
  readonly unit = new LogicalUnit(this.volume, iqn, (nexus) => this.#endTasksOf(nexus));
  readonly connections = new Set<AttackedConnection>();
  readonly #crc32c: Crc32c;

  constructor(crc32c: Crc32c) {
    this.#crc32c = crc32c;
  }

  connect(): AttackedConnection {
    const connection = new AttackedConnection(this, this.#crc32c);
    this.connections.add(connection);
    return connection;
  }

  #endTasksOf(nexus: Nexus): Promise<unknown> {
    return Promise.all(
      [...this.connections].filter((each) => each.nexus === nexus).map((each) => each.abortTasks()),
    );
  }
}

const { commandsMax, immediateMax } = defaultSessionLimits;

export class AttackedConnection {
  nexus: Nexus | undefined;
  /** Why it ended. */
  closed: string | undefined;
  readonly #target: AttackedTarget;
  readonly #session: Session;
  readonly #decoder: PduDecoder;
  readonly #encoder: PduEncoder;
  readonly #reader = new Reader();
  readonly #running = new Map<Task, Promise<void>>();
  #said: Pdu[] = [];
  #maxCmdSn: number | undefined;
  /** Of the next status. */
  #statSn: number | undefined;

  constructor(target: AttackedTarget, crc32c: Crc32c) {
    this.#target = target;
    this.#decoder = new PduDecoder({ dataSegmentBytesMax: receiveSegmentBytesMax, crc32c });
    this.#encoder = new PduEncoder({ crc32c });
    this.#session = new Session(
      {
        iqn,
        random: (bytes) => new Uint8Array(bytes).fill(0x5a),
        admit: () => ({ status: loginStatus.success, tsih: 1 }),
        advertised: { iqn, address: '192.0.2.1:3260' },
        hasLun: (lun) => lun === 0,
        limits: defaultSessionLimits,
      },
      0,
    );
  }

  get digests() {
    return this.#reader.digests;
  }

  /** Answers what was said meanwhile, once nothing runs any more. Throws Breach, or whatever the cores let out. */
  async receive(chunk: Uint8Array): Promise<readonly Pdu[]> {
    if (this.closed === undefined) this.#take(chunk);
    while (this.#running.size > 0) await Promise.all(this.#running.values());
    const said = this.#said;
    this.#said = [];
    return said;
  }

  #take(chunk: Uint8Array): void {
    try {
      for (const pdu of this.#decoder.push(chunk)) {
        this.#apply(this.#session.step({ type: 'pdu', pdu, nowMs: 0 }));
        if (this.closed !== undefined) return;
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#apply(this.#session.fail(error));
      if (this.closed === undefined) throw new Breach('a broken stream goes on');
    }
  }

  abortTasks(): Promise<unknown> {
    const running = [...this.#running.values()];
    this.#apply(this.#session.step({ type: 'abortTasks', lun: undefined }));
    return Promise.all(running);
  }

  /** The connection is gone. */
  end(): void {
    if (this.nexus !== undefined) this.#target.unit.detach(this.nexus);
    this.#target.connections.delete(this);
  }

  #apply(effects: readonly SessionEffect[]): void {
    for (const effect of effects) {
      if (this.closed !== undefined) throw new Breach(`${effect.type} after the end`);
      switch (effect.type) {
        case 'send':
          for (const pdu of this.#reader.push(Buffer.concat(this.#encoder.encode(effect.pdu))))
            this.#onSaid(pdu);
          break;
        case 'digests':
          this.#encoder.digests = effect.digests;
          this.#decoder.digests = effect.digests;
          this.#reader.digests = effect.digests;
          break;
        case 'loggedIn':
          if (!effect.result.identity.discovery)
            this.nexus = this.#target.unit.attach(
              `${effect.result.identity.initiator},i,0x${effect.result.identity.isid}`,
            );
          break;
        case 'run':
          this.#run(effect.task, effect.data);
          break;
        case 'manage':
          this.#manage(effect.request);
          break;
        case 'close':
          this.closed = effect.why;
          break;
      }
    }
  }

  #run(task: Task, dataOut: Uint8Array): void {
    const { lun, cdb, attribute, read, expectedBytes } = task;
    const roomBytes = read ? expectedBytes : 0;
    const isAborted = () => this.#session.isAborted(task);
    const request = { lun, cdb, attribute, dataOut, roomBytes, isAborted };
    const end = this.#target.unit.execute(must(this.nexus, 'nexus'), request).then((outcome) => {
      this.#running.delete(task);
      if (this.closed === undefined) this.#apply(this.#session.step({ type: 'done', task, outcome }));
    });
    this.#running.set(task, end);
    if (this.#running.size > commandsMax + immediateMax)
      throw new Breach('more commands than the limits allow');
  }

  #manage(request: ManagementRequest): void {
    const { reach, resets } = request.function;
    const ends = request.running.map((task) => this.#running.get(task) ?? Promise.resolve());
    const others = [...this.#target.connections].filter((each) => each !== this);
    if (reach === 'unit' || reach === 'target')
      ends.push(...others.map((each) => each.abortTasks().then(() => undefined)));
    if (resets) this.#target.unit.reset();
    const done = Promise.all(ends).then(() => {
      if (this.closed === undefined) this.#apply(this.#session.step({ type: 'managed', request }));
      this.#running.delete(marker);
    });
    // It counts as running, so that its answer is waited for.
    const marker: Task = {
      tag: 0,
      lun: 0,
      cdb: new Uint8Array(0),
      attribute: 0,
      read: false,
      write: false,
      expectedBytes: 0,
      windowed: false,
    };
    this.#running.set(marker, done);
  }

  /** Numbering of what is said: StatSN counts statuses, MaxCmdSN never goes back, the window is as wide as allowed. */
  #onSaid(pdu: Pdu): void {
    this.#said.push(pdu);
    const [statSn, expCmdSn, maxCmdSn] = [24, 28, 32].map((at) => pdu.view.getUint32(at)) as [
      number,
      number,
      number,
    ];
    if (((maxCmdSn - expCmdSn) | 0) >= commandsMax)
      throw new Breach(`the window is ${maxCmdSn - expCmdSn + 1} wide`);
    if (carriesStatus(pdu)) {
      if (this.#statSn !== undefined && statSn !== this.#statSn)
        throw new Breach(`StatSN is ${statSn}, not ${this.#statSn}`);
      this.#statSn = (statSn + 1) >>> 0;
    }
    if (this.nexus !== undefined && this.#maxCmdSn !== undefined && ((maxCmdSn - this.#maxCmdSn) | 0) < 0)
      throw new Breach(`MaxCmdSN ${maxCmdSn} goes back`);
    this.#maxCmdSn = this.nexus === undefined ? undefined : maxCmdSn;
  }
}

/** RFC 7143 §4.2.2.2: what the initiator acknowledges by ExpStatSN. */
function carriesStatus({ opcode, flags, view }: Pdu): boolean {
  if (opcode === reply.readyToTransfer) return false;
  if (opcode === reply.dataIn) return (flags & 1) !== 0;
  return opcode !== reply.nopIn || view.getUint32(16) !== noTag;
}
