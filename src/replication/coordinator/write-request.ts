/** A write whose data comes from anywhere. */
import { blockBytes } from '../../shared/block-size.ts';
import { noSlab, releaseRoom, takeRoom } from '../write-frame.ts';
import type { Answer, WriteRequest } from './requests.ts';

/** Copies the data, which are whole blocks. */
export function newWrite(block: number, data: Uint8Array, fua: boolean, answer: Answer<void>): WriteRequest {
  const request: WriteRequest = {
    body: undefined,
    need: fua ? 'durable' : 'received',
    deadlineMs: 0,
    number: 0,
    block,
    count: data.byteLength / blockBytes,
    fua,
    slab: noSlab,
    at: 0,
    dataBytes: 0,
    answer: (result) => {
      letGo(request);
      answer(result);
    },
  };
  takeRoom(request, data.byteLength);
  request.slab.bytes.set(data, request.at);
  return request;
}

/** The end of a request: with a number its data belongs to the window, without one to nobody. */
export function letGo(request: WriteRequest): void {
  if (request.number === 0) releaseRoom(request.slab);
  request.slab = noSlab;
}
