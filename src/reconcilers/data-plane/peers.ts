/**
 * The status streams of all pools, or of all targets. One peer per name, reached at its pod's address; a status is
 * known only while its stream is alive, so nothing is ever shown of a daemon that has stopped talking.
 */
import type { Clock } from '../../shared/clock.ts';
import { openClient, type GrpcClient } from '../../shared/grpc/client.ts';
import type { Log } from '../../shared/log.ts';

/** How long a lost or new stream may take before its peer counts as gone. */
export const graceMs = 8_000;
const retryMs = 1_000;
/** A node without power is noticed after this silence and half as much again. */
const keepaliveMs = 5_000;

export interface PeersOptions<D, S> {
  readonly service: D;
  readonly watch: (client: GrpcClient<D>, signal: AbortSignal) => AsyncIterable<S>;
  /** What of a status is worth a look at the objects: equal texts cause none. */
  readonly essence: (status: S) => string;
  /** Called when a peer's status, or whether it has one, has changed. */
  readonly onChange: (name: string) => void;
  readonly clock: Clock;
  readonly log: Log;
}

interface Peer<D, S> {
  readonly address: string;
  readonly client: GrpcClient<D>;
  readonly abort: AbortController;
  status: S | undefined;
  essence: string;
  /** Since when it has no status. */
  silentSinceMs: number;
  cancelGrace: () => void;
}

export class Peers<D extends object, S> {
  readonly #options: PeersOptions<D, S>;
  readonly #peers = new Map<string, Peer<D, S>>();

  constructor(options: PeersOptions<D, S>) {
    this.#options = options;
  }

  /** Watches `name` at HOST:PORT from now on; idempotent. Another address replaces the former one. */
  track(name: string, address: string, token: string): void {
    if (this.#peers.get(name)?.address === address) return;
    this.forget(name);
    const peer: Peer<D, S> = {
      address,
      client: openClient(this.#options.service, address, { token, keepaliveMs }),
      abort: new AbortController(),
      status: undefined,
      essence: '',
      silentSinceMs: this.#options.clock.nowMs(),
      cancelGrace: () => undefined,
    };
    this.#peers.set(name, peer);
    this.#expect(name, peer);
    void this.#watch(name, peer);
  }

  forget(name: string): void {
    const peer = this.#peers.get(name);
    if (peer === undefined) return;
    this.#peers.delete(name);
    peer.cancelGrace();
    peer.abort.abort();
    peer.client.close();
  }

  /** The newest status of a live stream. */
  status(name: string): S | undefined {
    return this.#peers.get(name)?.status;
  }

  /** True for a bounded time while a status may still come: nobody should be declared gone yet. */
  expected(name: string): boolean {
    const peer = this.#peers.get(name);
    return peer !== undefined && this.#options.clock.nowMs() - peer.silentSinceMs < graceMs;
  }

  /** For calls; undefined when it does not answer. */
  client(name: string): GrpcClient<D> | undefined {
    const peer = this.#peers.get(name);
    return peer?.status === undefined ? undefined : peer.client;
  }

  names(): readonly string[] {
    return [...this.#peers.keys()];
  }

  stop(): void {
    for (const name of this.names()) this.forget(name);
  }

  async #watch(name: string, peer: Peer<D, S>): Promise<void> {
    const { log } = this.#options;
    while (!peer.abort.signal.aborted) {
      try {
        for await (const status of this.#options.watch(peer.client, peer.abort.signal))
          this.#heard(name, peer, status);
      } catch (error) {
        log.debug('status stream failed', { peer: name, address: peer.address, error: String(error) });
      }
      if (peer.abort.signal.aborted) return;
      this.#lost(name, peer);
      await this.#pause(peer.abort.signal);
    }
  }

  #heard(name: string, peer: Peer<D, S>, status: S): void {
    const essence = this.#options.essence(status);
    const news = peer.status === undefined || essence !== peer.essence;
    if (peer.status === undefined) {
      peer.cancelGrace();
      this.#options.log.info('status stream is up', { peer: name, address: peer.address });
    }
    peer.status = status;
    peer.essence = essence;
    if (news) this.#options.onChange(name);
  }

  #lost(name: string, peer: Peer<D, S>): void {
    if (peer.status === undefined) return;
    peer.status = undefined;
    peer.silentSinceMs = this.#options.clock.nowMs();
    this.#options.log.info('status stream is lost', { peer: name, address: peer.address });
    this.#expect(name, peer);
    this.#options.onChange(name);
  }

  /** Looks again when the grace is over. */
  #expect(name: string, peer: Peer<D, S>): void {
    peer.cancelGrace = this.#options.clock.after(graceMs + 1, () => this.#options.onChange(name));
  }

  #pause(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(retryMs, done);
      function done() {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      }
      signal.addEventListener('abort', done);
    });
  }
}
