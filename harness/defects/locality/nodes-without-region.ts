import { regionLabelsLost } from '../../chaos/clusters/region-labels-lost.ts';
import { breakage, defineDefect } from '../defect.ts';
import { pairOf } from '../parts.ts';

export const nodesWithoutRegion = defineDefect({
  id: 'nodes-without-region',
  title: 'The nodes of a cluster have no region',
  family: 'locality and failover',
  cause:
    'Nodes were replaced by ones that no cloud provider labels. Endpoints that istiod has keep their region, new ones have none.',
  silent: true,
  break: (mesh) => [breakage(regionLabelsLost, { cluster: pairOf(mesh).east.name })],
  findings: ['MP4101'],
  where: { cluster: 'east' },
  promises: [],
});
