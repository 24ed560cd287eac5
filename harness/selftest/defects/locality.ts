import { regionLabelsLost } from '../../chaos/clusters/region-labels-lost.ts';
import type { MeshFile, MeshFileCluster } from '../../config/mesh-file.ts';
import { breakage, type Breakage, inFamily } from '../defect.ts';
import {
  everywhere,
  failoverTo,
  istio,
  outlierDetection,
  pairOf,
  settings,
  sharedService,
} from '../defect-builders.ts';

/** A DestinationRule in every cluster, by which the region of the first cluster fails over to another region. */
const failoverRules = (
  mesh: MeshFile,
  trafficPolicy: { outlierDetection?: Partial<typeof outlierDetection> },
  to: Pick<MeshFileCluster, 'region'> = pairOf(mesh).east,
): Breakage[] =>
  everywhere(
    mesh,
    istio(mesh, 'DestinationRule', {
      host: sharedService(mesh),
      trafficPolicy: { loadBalancer: failoverTo(pairOf(mesh).west, to), ...trafficPolicy },
    }),
  );

export const localityDefects = inFamily('locality and failover', [
  {
    id: 'failover-without-outlier-detection',
    title: 'Failover is configured without outlier detection',
    cause:
      'Without outlier detection, Envoy does not learn that the hosts of a region are unhealthy. Istio does not send priorities.',
    silent: true,
    break: (mesh) => failoverRules(mesh, {}),
    findings: ['MP4201'],
    promises: [],
  },
  {
    id: 'ejection-percent-too-low',
    title: 'Outlier detection may not eject all pods of a region',
    cause:
      'maxEjectionPercent has its default of 10, or suits a single unhealthy pod. Traffic never leaves an unhealthy region.',
    silent: true,
    break: (mesh) =>
      failoverRules(mesh, { outlierDetection: { ...outlierDetection, maxEjectionPercent: 30 } }),
    findings: ['MP4202'],
    promises: [],
  },
  {
    id: 'outlier-detection-counts-nothing',
    title: 'Outlier detection is configured, but counts no errors',
    cause: 'The error thresholds were set to 0 to disable ejection for a while.',
    silent: true,
    break: (mesh) =>
      failoverRules(mesh, { outlierDetection: { ...outlierDetection, consecutive5xxErrors: 0 } }),
    findings: ['MP4208'],
    promises: [],
  },
  {
    id: 'failover-to-no-region',
    title: 'Failover targets a region without nodes',
    cause: 'The region was renamed, or a zone was given instead of a region.',
    silent: true,
    break: (mesh) => failoverRules(mesh, { outlierDetection }, { region: 'region-nowhere' }),
    findings: ['MP4205'],
    promises: [],
  },
  {
    id: 'weights-to-no-region',
    title: 'Locality weights target a region without nodes',
    cause:
      'The region was renamed after the weights were written. Their share of the traffic has no endpoints.',
    silent: true,
    break: (mesh) => {
      const { west } = pairOf(mesh);
      const spec = {
        host: sharedService(mesh),
        trafficPolicy: {
          loadBalancer: {
            localityLbSetting: {
              enabled: true,
              distribute: [{ from: west.region, to: { [west.region]: 80, 'region-nowhere': 20 } }],
            },
          },
          outlierDetection,
        },
      };
      return everywhere(mesh, istio(mesh, 'DestinationRule', spec));
    },
    findings: ['MP4204'],
    promises: [],
  },
  {
    id: 'weights-together-with-failover',
    title: 'Locality weights and failover are set together',
    cause:
      'Failover was added to mesh settings that have weights. With weights, Istio does not send priorities and does not apply the failover.',
    silent: true,
    break: (mesh) => {
      const { west, east } = pairOf(mesh);
      const { localityLbSetting } = failoverTo(west, east);
      const distribute = [{ from: west.region, to: { [west.region]: 80, [east.region]: 20 } }];
      return [settings(mesh, east, { localityLbSetting: { ...localityLbSetting, distribute } })];
    },
    findings: ['MP4203'],
    promises: [],
  },
  {
    id: 'nodes-without-region',
    title: 'The nodes of a cluster have no region',
    cause:
      'The new nodes are not labelled by a cloud provider. Known endpoints keep their region; new endpoints have none.',
    silent: true,
    break: (mesh) => [breakage(regionLabelsLost, { cluster: pairOf(mesh).east.name })],
    findings: ['MP4101'],
    where: { cluster: 'east' },
    promises: [],
  },
  {
    id: 'locality-balancing-off',
    title: 'Locality load balancing is off in one cluster only',
    cause: 'The mesh settings of one cluster disable it. The same rules no longer cause failover there.',
    silent: true,
    break: (mesh) => [settings(mesh, pairOf(mesh).east, { localityLbSetting: { enabled: false } })],
    findings: ['MP4210'],
    where: { cluster: 'east' },
    promises: [],
  },
]);
