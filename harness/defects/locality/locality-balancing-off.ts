import { defineDefect } from '../defect.ts';
import { pairOf, settings } from '../parts.ts';

export const localityBalancingOff = defineDefect({
  id: 'locality-balancing-off',
  title: 'Locality load balancing is off in one cluster, and on in the other',
  family: 'locality and failover',
  cause:
    'It was turned off in the mesh settings of one cluster; the same rules then fail over there no more.',
  silent: true,
  break: (mesh) => [settings(mesh, pairOf(mesh).east, { localityLbSetting: { enabled: false } })],
  findings: ['MP4210'],
  where: { cluster: 'east' },
  promises: [],
});
