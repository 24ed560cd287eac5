import { defineDefect } from '../defect.ts';
import { failoverTo, pairOf, settings } from '../parts.ts';

export const weightsTogetherWithFailover = defineDefect({
  id: 'weights-together-with-failover',
  title: 'Weights by locality are set together with failover',
  family: 'locality and failover',
  cause:
    'The mesh settings got failover beside the weights that they had; with weights Istio sends no priorities, and the failover is not applied.',
  silent: true,
  break: (mesh) => {
    const { west, east } = pairOf(mesh);
    const { localityLbSetting } = failoverTo(west, east);
    const distribute = [{ from: west.region, to: { [west.region]: 80, [east.region]: 20 } }];
    return [settings(mesh, east, { localityLbSetting: { ...localityLbSetting, distribute } })];
  },
  findings: ['MP4203'],
  promises: [],
});
