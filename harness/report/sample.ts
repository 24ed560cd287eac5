import type { Measurement } from '../verdict/verdict.ts';
import type { Experiment } from './experiment.ts';
import { entryOf } from './experiments.ts';
import { sampleFailover, sampleHang, samplePartition } from './sample-experiments.ts';
import type { Report, ReportMesh, ReportPromise } from './schema.ts';
import { userImpact } from './user-impact.ts';

/** A mesh like that of the lab, for tests and for a look at the report without a cluster. */
export const sampleMesh: ReportMesh = {
  meshId: 'meshproof',
  trustDomain: 'cluster.local',
  lab: 'west-east',
  images: 'packages',
  link: [
    { port: 15443, purpose: 'data' },
    { port: 6443, purpose: 'discovery' },
  ],
  clusters: [
    {
      ...{ name: 'west', role: 'primary', network: 'west-net', region: 'region-west', zone: 'zone-west-a' },
      ...{ ingress: 'http://172.31.0.2/', eastWestGateway: '172.31.0.2:15443' },
    },
    {
      ...{ name: 'east', role: 'primary', network: 'east-net', region: 'region-east', zone: 'zone-east-a' },
      ...{ ingress: null, eastWestGateway: '172.31.1.2:15443' },
    },
  ],
  services: [
    { name: 'webapp', pods: { west: 1 } },
    { name: 'catalog', pods: { west: 2, east: 2 } },
    { name: 'inventory', pods: { east: 1 } },
    { name: 'orders', pods: { west: 1 } },
    { name: 'probe', pods: { west: 1, east: 1 } },
  ],
};

const istio = 'https://istio.io/latest/docs';

/** A promise; fields that are not given are those of a kept core promise. */
export function samplePromise(given: Partial<ReportPromise> & Pick<ReportPromise, 'id'>): ReportPromise {
  return {
    title: 'The ingress answers through webapp and catalog.',
    topic: 'connectivity',
    level: 'core',
    references: [`${istio}/setup/install/multicluster/verify/`],
    disturbs: 'nothing',
    suite: `suites/${given.topic ?? 'connectivity'}/${given.id.toLowerCase()}.spec.ts`,
    verdict: 'pass',
    reason: 'west→east: 40 of 40 requests were answered.\neast→west: 40 of 40 requests were answered.',
    measurements: [],
    startedAt: '2026-09-14T09:12:40.000Z',
    durationMs: 2_140,
    waitingMs: 1_780,
    ...given,
  };
}

const both = (
  name: string,
  unit: string,
  values: [number, number],
  range: Partial<Measurement>,
): Measurement[] => [
  { name, unit, value: values[0], scope: 'west→east', ...range },
  { name, unit, value: values[1], scope: 'east→west', ...range },
];

const connectivity: ReportPromise[] = [
  samplePromise({ id: 'CON-01', measurements: both('answered', '%', [100, 100], { atLeast: 100 }) }),
  samplePromise({
    id: 'CON-06',
    title: 'Bodies of 1 MiB and a stream of 30 s cross the gateways intact.',
    durationMs: 31_900,
    waitingMs: 31_020,
    reason: 'west→east: 64 bodies and 300 chunks arrived with the same SHA-256.',
    measurements: [
      { name: 'bodies changed', value: 0, unit: '', atMost: 0 },
      { name: 'longest pause of the stream', value: 118, unit: 'ms', atMost: 1000 },
      { name: 'throughput', value: 214.6, unit: 'MB/s' },
    ],
  }),
  samplePromise({
    id: 'DIS-02',
    topic: 'discovery',
    title: 'A pod added in one cluster becomes an endpoint in the other, and a removed one disappears.',
    durationMs: 9_480,
    waitingMs: 9_100,
    measurements: [
      ...both('added, until visible', 'ms', [2310, 2874], { atMost: 15000 }),
      ...both('removed, until gone', 'ms', [640, 712], { atMost: 15000 }),
    ],
  }),
  samplePromise({
    id: 'BAL-01',
    topic: 'balancing',
    title: 'With equal pods and no locality rule, the shares match the weights that istiod sent.',
    durationMs: 6_020,
    waitingMs: 5_400,
    reason: 'Shares match the weights 50 : 50 (exact test, p = 0.41 ≥ 1e-6).',
    references: [
      `${istio}/ops/configuration/traffic-management/locality-load-balancing/`,
      'https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/locality_weight',
    ],
    measurements: [
      { name: 'share answered by', scope: 'west', value: 52.3, unit: '%', atLeast: 38.1, atMost: 61.9 },
      { name: 'share answered by', scope: 'east', value: 47.7, unit: '%', atLeast: 38.1, atMost: 61.9 },
      { name: 'probability of a false alarm', value: 8.1e-7, unit: '', atMost: 1e-6 },
    ],
  }),
];

const broken: ReportPromise[] = [
  samplePromise({
    id: 'LOC-02',
    topic: 'locality',
    title:
      'All local catalog pods gone: traffic moves to the other region within its budgets and returns when they are back.',
    verdict: 'fail',
    durationMs: 48_300,
    waitingMs: 44_870,
    reason:
      'west→east: recovered after 14 820 ms, but at most 10 000 ms are allowed (interval 5 s + base ejection 5 s); 37 of 1 482 requests failed, all upstreamReset.',
    references: [`${istio}/tasks/traffic-management/locality-load-balancing/failover/`],
    measurements: [
      {
        name: 'traffic moved to the other region',
        scope: 'west→east',
        value: 14820,
        unit: 'ms',
        atMost: 10000,
      },
      {
        name: 'traffic moved to the other region',
        scope: 'east→west',
        value: 6120,
        unit: 'ms',
        atMost: 10000,
      },
      { name: 'failed requests', scope: 'west→east', value: 37, unit: 'requests', atMost: 20 },
      { name: 'failed requests', scope: 'east→west', value: 11, unit: 'requests', atMost: 20 },
      {
        name: 'share answered locally after the return',
        scope: 'west→east',
        value: 100,
        unit: '%',
        atLeast: 100,
      },
    ],
  }),
  samplePromise({
    id: 'LOC-01',
    topic: 'locality',
    title: "With locality failover, all traffic stays in the caller's region.",
    measurements: both('share answered locally', '%', [100, 100], { atLeast: 100, atMost: 100 }),
  }),
  samplePromise({
    id: 'GWY-02',
    topic: 'gateways',
    title:
      'East-west gateway down and the service only remote: callers get a prompt, named failure, and recover by themselves.',
    disturbs: 'gateway',
    verdict: 'error',
    durationMs: 60_000,
    waitingMs: 58_700,
    reason:
      'Test timeout of 60000ms exceeded.\nLast step: kill the east-west gateway of east › wait until no endpoint is left',
  }),
  samplePromise({
    id: 'GWY-01',
    topic: 'gateways',
    title: 'East-west gateway killed while the service is present locally: no caller notices.',
    disturbs: 'gateway',
    verdict: 'skipped',
    reason: 'It disturbs a gateway, and meshproof did not create this mesh. Allow it with --allow GWY-01.',
    durationMs: 0,
    waitingMs: 0,
  }),
  samplePromise({
    id: 'SEC-02',
    topic: 'security',
    title: 'Under STRICT, plaintext is refused.',
    references: [`${istio}/tasks/security/authentication/mtls-migration/`],
    reason:
      'west: 20 of 20 connections without TLS were reset.\neast: 20 of 20 connections without TLS were reset.',
    measurements: [{ name: 'plaintext requests answered', value: 0, unit: '', atMost: 0 }],
  }),
  samplePromise({
    id: 'AUT-03',
    topic: 'authorization',
    title: "The caller's identity survives the gateway: the server sees the client's SPIFFE id.",
  }),
];

/** The data of the experiments in {@link sampleReport}, by file. */
export const sampleExperiments: ReadonlyMap<string, Experiment> = new Map([
  ['experiments/RES-01-1.json', sampleFailover()],
  ['experiments/RES-02-1.json', sampleHang()],
  ['experiments/RES-05-1.json', samplePartition()],
]);

const experimentOf = (file: string) => [entryOf(file, sampleExperiments.get(file)!)];

const resilience: ReportPromise[] = [
  samplePromise({
    id: 'RES-01',
    topic: 'resilience',
    level: 'extended',
    title:
      'All local catalog pods force-killed under load: traffic moves to the other region within its budgets.',
    verdict: 'fail',
    reason: 'west→east (catalog), keep-alive: 1 relapse after the recovery, but none is allowed.',
    durationMs: 71_200,
    waitingMs: 69_000,
    experiments: experimentOf('experiments/RES-01-1.json'),
    cause: {
      code: 'MP4003',
      cluster: 'west',
      sentence:
        'DestinationRule meshproof/catalog ejects hosts of the other region as well: no maxEjectionPercent is set.',
      remedy: "kubectl --context kind-west -n meshproof patch destinationrule catalog --type merge -p '…'",
      anchor: 'docs/findings.md#mp4003',
    },
  }),
  samplePromise({
    id: 'RES-02',
    topic: 'resilience',
    level: 'extended',
    title: 'One of several pods hangs: it is ejected, and its neighbours carry the traffic.',
    reason: 'west→west (catalog), fresh connections: ejected after 5 400 ms of at most 6 000 ms.',
    durationMs: 58_000,
    waitingMs: 56_400,
    experiments: experimentOf('experiments/RES-02-1.json'),
  }),
  samplePromise({
    id: 'RES-05',
    topic: 'resilience',
    level: 'extended',
    disturbs: 'link',
    title: 'The link cut for data: callers of a remote service fail promptly, and recover by themselves.',
    reason: 'west→east (inventory): recovered 1 700 ms after healing of at most 10 000 ms.',
    durationMs: 47_000,
    waitingMs: 45_900,
    experiments: experimentOf('experiments/RES-05-1.json'),
    missingExperiments: [
      'Experiment 2 of RES-05 is not shown: experiment-2.json: not JSON (812 characters, cut off?)',
    ],
  }),
];

const promises = [...connectivity, ...broken, ...resilience];

/** A report with every verdict in it. */
export const sampleReport: Report = {
  schema: 'meshproof.dev/report/v1',
  run: '2026-09-14T09-12-31-west-east',
  verdict: 'fail',
  reason: '2 of 13 promises are broken: LOC-02, RES-01. 1 of 13 promises could not be judged: GWY-02.',
  startedAt: '2026-09-14T09:12:31.000Z',
  finishedAt: '2026-09-14T09:15:32.000Z',
  command: 'npm run certify -- --topology clusters/topologies/west-east.yaml --keep',
  machine: { cpus: 2, memoryBytes: 25_200_000_000, os: 'Linux 6.1.0', node: 'v24.21.0' },
  versions: {
    meshproof: '0.1.0',
    'istio (west)': '1.31-alpha.eed52ebb66ad',
    'istio (east)': '1.31-alpha.eed52ebb66ad',
    kubernetes: 'v1.36.3',
    envoy: '1.39.1',
  },
  mesh: sampleMesh,
  harness: { durationMs: 181_000, waitingMs: 154_600, peakMemoryBytes: 248_000_000 },
  faults: userImpact(promises, sampleExperiments),
  promises,
};
