import { regionLabelsLost } from '../../chaos/clusters/region-labels-lost.ts';
import { breakage, type Defect } from '../defect.ts';
import {
  everywhere,
  failoverTo,
  istio,
  outlierDetection,
  pairOf,
  settings,
  sharedService,
} from '../defect-builders.ts';

export const localityDefects: readonly Defect[] = [
  {
    id: 'failover-without-outlier-detection',
    title: 'Failover is set up without outlier detection',
    family: 'locality and failover',
    cause:
      'Envoy leaves a region when it sees that its hosts are sick, and nothing tells it. Istio then does not even send priorities.',
    silent: true,
    break: (mesh) => {
      const { west, east } = pairOf(mesh);
      const spec = { host: sharedService(mesh), trafficPolicy: { loadBalancer: failoverTo(west, east) } };
      return everywhere(mesh, istio(mesh, 'DestinationRule', spec));
    },
    findings: ['MP4201'],
    promises: [],
  },
  {
    id: 'ejection-percent-too-low',
    title: 'Outlier detection may not eject all pods of a region',
    family: 'locality and failover',
    cause:
      'maxEjectionPercent was left at its default of 10, or set for a single sick pod; a sick region is never left.',
    silent: true,
    break: (mesh) => {
      const { west, east } = pairOf(mesh);
      const spec = {
        host: sharedService(mesh),
        trafficPolicy: {
          loadBalancer: failoverTo(west, east),
          outlierDetection: { ...outlierDetection, maxEjectionPercent: 30 },
        },
      };
      return everywhere(mesh, istio(mesh, 'DestinationRule', spec));
    },
    findings: ['MP4202'],
    promises: [],
  },
  {
    id: 'outlier-detection-counts-nothing',
    title: 'Outlier detection is set, and counts no errors',
    family: 'locality and failover',
    cause: 'The numbers of errors were set to 0 to take ejection out for a while.',
    silent: true,
    break: (mesh) => {
      const { west, east } = pairOf(mesh);
      const spec = {
        host: sharedService(mesh),
        trafficPolicy: {
          loadBalancer: failoverTo(west, east),
          outlierDetection: { ...outlierDetection, consecutive5xxErrors: 0 },
        },
      };
      return everywhere(mesh, istio(mesh, 'DestinationRule', spec));
    },
    findings: ['MP4208'],
    promises: [],
  },
  {
    id: 'failover-to-no-region',
    title: 'Failover leads to a region that no node is in',
    family: 'locality and failover',
    cause: 'The region was renamed, or written as a zone.',
    silent: true,
    break: (mesh) => {
      const { west } = pairOf(mesh);
      const spec = {
        host: sharedService(mesh),
        trafficPolicy: {
          loadBalancer: failoverTo(west, { region: 'region-nowhere' }),
          outlierDetection,
        },
      };
      return everywhere(mesh, istio(mesh, 'DestinationRule', spec));
    },
    findings: ['MP4205'],
    promises: [],
  },
  {
    id: 'weights-to-no-region',
    title: 'Weights by locality lead to a region that no node is in',
    family: 'locality and failover',
    cause: 'The region was renamed after the weights were written; what is weighted for it goes to nobody.',
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
  },
  {
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
  },
  {
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
  },
];
