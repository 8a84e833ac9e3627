/** Numbers of controllers for /metrics. */
import { Counter, Gauge, Histogram, type Registry } from '@prometheus-io/client';
import type { ControllerMetrics } from './controller.ts';

export function controllerMetrics(registry: Registry): ControllerMetrics {
  const registers = [registry];
  const depth = new Gauge({
    name: 'caskade_controller_queue_depth',
    help: 'Objects that wait for a reconciler',
    labelNames: ['controller'],
    registers,
  });
  const outcomes = new Counter({
    name: 'caskade_controller_reconciles_total',
    help: 'Calls of a reconciler, by outcome: done, again (after a delay), conflict, error',
    labelNames: ['controller', 'outcome'],
    registers,
  });
  const seconds = new Histogram({
    name: 'caskade_controller_reconcile_seconds',
    help: 'Duration of one call of a reconciler',
    labelNames: ['controller'],
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2, 10, 60],
    registers,
  });
  return {
    depth: (controller, names) => depth.set({ controller }, names),
    reconciled: (controller, outcome, duration) => {
      outcomes.inc({ controller, outcome });
      seconds.observe({ controller }, duration);
    },
  };
}
