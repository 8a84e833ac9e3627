/** The source's end of a connection between two replicas: answers what a copier with a ticket asks. */
import { decodeCopyRequest, encodeCopyReply, sealBlocks } from '../replication/copy-codec.ts';
import type { CopyReply, CopyRequest } from '../replication/copy.ts';
import { lanesMax } from '../replication/replica/lanes.ts';
import type { Refusals } from '../replication/refusals.ts';
import type { Done } from '../replication/store.ts';
import type { Peer, PeerHandler } from './replica-server-connection.ts';

/** Who answers: the replica that the copier named. */
export interface CopyAnswerer {
  copyRequest(request: CopyRequest, done: Done<CopyReply>): void;
}

/** More at once is no copier of ours: its lanes (lanes.ts), and what it has counted (census.ts). */
const requestsMax = lanesMax + 1;

export function serveCopies(peer: Peer, source: CopyAnswerer, refusals: Refusals): PeerHandler {
  let open = true;
  let asked = 0;
  const close = () => {
    open = false;
    peer.close();
  };
  return {
    frame: (frame) => {
      const { id, request } = decodeCopyRequest(frame);
      const { subject } = peer;
      // The ticket was made for one epoch and nonce: nothing else can be asked with it.
      const ours =
        subject.role === 'copier' && subject.epoch === request.epoch && subject.nonce === request.nonce;
      asked += 1;
      if (!ours) refusals.note('fence');
      if (!ours || asked > requestsMax) return close();
      source.copyRequest(request, (reply) => {
        asked -= 1;
        if (!open) return;
        const value: CopyReply = reply.ok ? reply.value : { type: 'refused', message: reply.message };
        if (value.type !== 'blocks') return peer.send(encodeCopyReply(id, value));
        const { bytes, to } = sealBlocks(id, value);
        peer.sendMade(bytes, 0, to);
      });
    },
    batchEnd: () => undefined,
    closed: () => {
      open = false;
    },
  };
}
