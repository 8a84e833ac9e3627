/** What a target's turn to be restarted depends on, from the objects and from what pools and targets say. */
import type { CStorVolumeConfig } from '../../api/kinds/cstorvolumeconfig.ts';
import { labels } from '../../api/names.ts';
import { sharedMakeOf, type SharedMake, type Turn } from '../pod-template.ts';
import { deploymentOf, isRolledOut, isStarted, podsOf, readyPod } from '../pods.ts';
import type { Neighbour } from '../pool-instance/roll.ts';
import { neighbourOf, poolsOf } from '../pool-instance/roll-observed.ts';
import { isDisabled, type World } from '../world.ts';
import { targetName } from './manifests.ts';
import { isSameTarget, nextTargets, targetTurnOf, type TargetView } from './target-roll.ts';

/** All targets are looked at together at most so often. Who has his turn follows from the objects: an older look only waits longer. */
const lookMs = 500;

export class TargetTurns {
  readonly #world: World;
  #lookedAtMs = -Infinity;
  #next: readonly string[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  of(volume: string): Turn<SharedMake> {
    const world = this.#world;
    const { settings } = world;
    const template = deploymentOf(world, targetName(volume))?.spec?.template;
    return targetTurnOf({
      volume,
      mode: settings.replicationTlsMode,
      wanted: settings,
      made: template && sharedMakeOf(template),
      // One that runs serves again when its pools do.
      isDown: !podsOf(world, labels.persistentVolume, volume).some(isStarted),
      pools: poolsBelow(world, volume),
      next: () => this.#look(),
    });
  }

  #look(): readonly string[] {
    const nowMs = this.#world.clock.nowMs();
    if (nowMs - this.#lookedAtMs < lookMs) return this.#next;
    this.#lookedAtMs = nowMs;
    const { informers, settings } = this.#world;
    const configs = informers.configs.store.list(settings.namespace).filter(isKept);
    this.#next = nextTargets(configs.map(({ metadata }) => viewOf(this.#world, metadata.name)));
    return this.#next;
  }
}

/** The operator sees to its target: nobody waits for others. */
const isKept = (config: CStorVolumeConfig): boolean =>
  config.status?.phase === 'Bound' && config.metadata.deletionTimestamp === undefined && !isDisabled(config);

function viewOf(world: World, volume: string): TargetView {
  const deployment = deploymentOf(world, targetName(volume));
  const template = deployment?.spec?.template;
  return {
    volume,
    isMade: template !== undefined && isSameTarget(sharedMakeOf(template), world.settings),
    serves:
      isRolledOut(deployment) && readyPod(world, labels.persistentVolume, volume) && isServed(world, volume),
    pools: poolsBelow(world, volume),
  };
}

const poolsBelow = (world: World, volume: string): readonly Neighbour[] =>
  poolsOf(world, volume).map((pool) => neighbourOf(world, pool));

function isServed({ targets }: World, volume: string): boolean {
  const phase = targets.status(volume)?.phase;
  return phase === 'Healthy' || phase === 'Degraded';
}
