import { sampleMesh, sampleReport } from '../../report/sample.ts';
import type { Selftest, SelftestRow } from './schema.ts';

const seconds = {
  ...{
    breaking: 1.2,
    settling: 3,
    doctor: 2.4,
    istioctl: 1.1,
    promises: 9.8,
    healing: 1.3,
    healthy: 2.9,
    all: 21.7,
  },
};

const named: SelftestRow = {
  ...{
    id: 'remote-secret-missing',
    title: 'A cluster has no remote secret for its peer',
    family: 'discovery',
  },
  cause: 'Without it istiod cannot read the peer. It was deleted, or not created.',
  silent: false,
  expected: { findings: ['MP2101'], promises: ['CON-02'] },
  ...{ verdict: 'named', reason: 'west has no remote secret for east.' },
  breakages: [
    {
      fault: 'remote-secret-deleted',
      parameters: { cluster: 'west' },
      evidence: 'istiod in west does not list east.',
    },
  ],
  causes: [
    {
      code: 'MP2101',
      severity: 'error',
      cluster: 'west',
      peer: 'east',
      sentence: 'west has no remote secret for east.',
      explains: ['MP2301'],
    },
    { code: 'MP7201', severity: 'info', sentence: 'The mesh has one root.', explains: [] },
  ],
  promises: [{ id: 'CON-02', outcome: 'broken', reason: '40 of 40 requests failed.' }],
  istioctl: [
    { command: 'analyze -A', cluster: 'west', says: [], saysNoMore: [], seconds: 0.8 },
    {
      command: 'remote-clusters',
      cluster: 'west',
      says: [],
      saysNoMore: ['east synced istiod-*'],
      seconds: 0.3,
    },
  ],
  seconds,
};

const rows: SelftestRow[] = [
  named,
  {
    ...named,
    ...{ id: 'root-differs', title: 'The roots of two clusters differ', family: 'trust and identity' },
    expected: { findings: ['MP1101'], promises: ['SEC-01'] },
    ...{ verdict: 'symptom', reason: 'The first cause is MP3402, not MP1101, which is not reported.' },
    causes: [{ code: 'MP3402', severity: 'error', cluster: 'east', sentence: 'TLS fails.', explains: [] }],
    promises: [{ id: 'SEC-01', outcome: 'kept', reason: 'Both show one root.' }],
    istioctl: [
      {
        command: 'analyze -A',
        cluster: 'west',
        says: ['Error [IST0999] (Mesh) roots differ'],
        saysNoMore: [],
        seconds: 0.8,
      },
      { command: 'proxy-status', cluster: 'west', says: ['no answer in 10 s'], saysNoMore: [], seconds: 10 },
    ],
  },
  {
    ...named,
    ...{
      id: 'pod-labelled',
      title: 'A pod has one label more',
      family: 'workloads and services',
      silent: true,
    },
    expected: { findings: ['MP6101'], promises: [] },
    ...{ verdict: 'missed', reason: 'Nothing above info; expected MP6101.', causes: [], promises: [] },
  },
  {
    ...named,
    ...{ id: 'link-delayed', title: 'The link is slow', family: 'network and gateways', silent: true },
    expected: { findings: ['MP3901'], promises: [] },
    ...{ verdict: 'skipped', reason: 'This kernel does not have netem.' },
    ...{ breakages: [], causes: null, promises: [], istioctl: null },
  },
  {
    ...named,
    ...{ id: 'mesh-id-differs', title: 'Mesh ids differ', family: 'versions and clocks', silent: true },
    expected: { findings: ['MP7101'], promises: [] },
    ...{ verdict: 'error', reason: 'mesh-id-changed did not have a proven effect; it was healed.' },
    ...{ breakages: [], causes: null, promises: [], istioctl: null },
  },
];

/** A self-test with every verdict. */
export const sampleSelftest: Selftest = {
  schema: 'meshproof.dev/selftest/v1',
  run: '2026-11-24T03-30-00Z-1f2e',
  verdict: 'fail',
  reason:
    '1 of 5 defects named as the first cause, 1 promises broken.\nroot-differs is seen only as a symptom.\npod-labelled is missed.',
  finished: true,
  startedAt: '2026-11-24T03:30:00.000Z',
  finishedAt: '2026-11-24T03:32:10.000Z',
  command: 'npx meshproof selftest --name main',
  machine: sampleReport.machine,
  versions: { meshproof: '0.1.0', istioctl: '1.31-dev' },
  mesh: sampleMesh,
  defects: 5,
  healthy: {
    promises: [
      { id: 'CON-02', verdict: 'pass', reason: 'All answered.' },
      { id: 'SEC-01', verdict: 'pass', reason: 'One root.' },
    ],
    istioctl: [
      {
        command: 'analyze -A',
        cluster: 'west',
        rounds: 3,
        lines: ['✔ No validation issues found when analyzing all namespaces.'],
      },
    ],
    seconds: 31.2,
  },
  rows,
};
