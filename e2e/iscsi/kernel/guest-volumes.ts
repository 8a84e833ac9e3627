/** Volumes of three replicas, one after the other, under the guest's initiator, which is as it was after each. */
import type { Bed } from './bed.ts';
import { ReplicatedTarget } from './replicated-target.ts';

/** Their portals are at `port` and the ports after it. */
export function guestVolumes(bed: () => Bed, port: number) {
  let nextPort = port;
  const guest = (script: string, timeoutMs = 100_000) =>
    bed().guest.run(`. /caskade/own/guest/initiator\nset -e\n${script}`, timeoutMs);
  const withVolume = async (
    name: string,
    work: (target: ReplicatedTarget) => Promise<void>,
    size?: string,
  ) => {
    const target = await ReplicatedTarget.start(bed().folder, name, nextPort++, size);
    try {
      await bed().daemon();
      await bed().leavingNothing(() => work(target));
    } finally {
      await target.stop();
    }
  };
  return { guest, withVolume };
}
