/**
 * Events about objects, for `kubectl describe`. Best effort: what must be known stands in a condition. The same event has
 * the same name, so that repetitions, also by the next process, are counted in one object.
 */
import { createHash } from 'node:crypto';
import type { CoreV1Event } from '@kubernetes/client-node';
import type { KubernetesObject } from '../../api/object-meta.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { ApiError, ApiUnreachable, isAlreadyExists } from './api-error.ts';
import type { KubernetesClient } from './client.ts';
import { core, type Json } from './core-resources.ts';
import { EventAggregate } from './event-aggregate.ts';

export interface EventRecorderOptions {
  readonly client: KubernetesClient;
  /** Who says it, such as `caskade-operator`. */
  readonly component: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly now?: () => Date;
}

/** More than this wait for a slow API server: the next ones are dropped. */
const pendingMax = 256;
const messageMax = 1_024;

export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #aggregate = new EventAggregate();
  #pending = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  /** Records that something happened to `object`, which must have apiVersion and kind. Never throws, never waits. */
  event(object: KubernetesObject, type: 'Normal' | 'Warning', reason: string, message: string): void {
    const { component, clock, log } = this.#options;
    const { name, namespace = 'default', uid = '' } = object.metadata;
    const text = message.length > messageMax ? `${message.slice(0, messageMax - 1)}…` : message;
    const identity = [component, namespace, name, uid, type, reason, text].join('\0');
    const count = this.#aggregate.note(identity, clock.nowMs());
    if (count === 0) return;
    if (this.#pending >= pendingMax) {
      log.debug('event dropped, too many wait', { object: name, reason });
      return;
    }
    const hash = createHash('sha256').update(identity).digest('hex').slice(0, 16);
    const time = (this.#options.now?.() ?? new Date()).toISOString().replace(/\.\d+Z$/, 'Z');
    const event = {
      metadata: { namespace, name: `${name.slice(0, 230)}.${hash}` },
      involvedObject: {
        ...(object.apiVersion === undefined ? {} : { apiVersion: object.apiVersion }),
        ...(object.kind === undefined ? {} : { kind: object.kind }),
        ...(object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
        name,
        uid,
      },
      type,
      reason,
      message: text,
      source: { component },
      reportingComponent: component,
      firstTimestamp: time,
      lastTimestamp: time,
      count,
    };
    this.#pending++;
    this.#last = this.#last.then(() => this.#write(event)).finally(() => void this.#pending--);
  }

  /** Resolves when everything recorded so far is written or given up. */
  async flushed(): Promise<void> {
    await this.#last;
  }

  async #write(event: Json<CoreV1Event>): Promise<void> {
    const { client, log } = this.#options;
    try {
      try {
        await client.create(core.events, event);
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
        const before = await client.get(core.events, event.metadata);
        const count = (before?.count ?? 0) + (event.count ?? 1);
        await client.patch(core.events, event.metadata, { count, lastTimestamp: event.lastTimestamp });
      }
    } catch (error) {
      if (!(error instanceof ApiError) && !(error instanceof ApiUnreachable)) throw error;
      log.debug('event not recorded', { reason: event.reason, error: error.message });
    }
  }
}
