import { itemOf, type BrokenSample, type SampleCluster } from '../broken-sample.ts';
import type { Breakage } from './breakage.ts';

/** Gives the istiods and the proxies of a cluster a version. */
function setVersion({ installs, istiods }: SampleCluster, version: string): void {
  itemOf(installs).version = version;
  for (const istiod of istiods) {
    istiod.version = version;
    for (const one of istiod.connected) one.version = version;
  }
}

const move = (clocks: SampleCluster['clocks'], ms: number) => {
  itemOf(clocks);
  for (const clock of clocks) Object.assign(clock, { offsetMs: clock.offsetMs + ms, errorMs: 40 });
};

export const versionBreakages: readonly Breakage[] = [
  {
    id: 'istiod-versions-differ',
    code: 'MP7101',
    cluster: 'west',
    break: ({ west }: BrokenSample) => setVersion(west, '1.30.2'),
  },
  {
    id: 'proxy-version-too-old',
    code: 'MP7102',
    cluster: 'west',
    break: ({ west }) => void (itemOf(itemOf(west.istiods).connected).version = '1.20.0'),
  },
  {
    id: 'mesh-ids-differ',
    code: 'MP7401',
    cluster: 'east',
    break: ({ east }) => void (itemOf(east.installs).meshId = 'other'),
  },
  {
    id: 'clocks-of-clusters-differ',
    code: 'MP7301',
    cluster: 'east',
    break: ({ east }) => move(east.clocks, 200_000),
  },
  {
    id: 'clock-of-a-node-differs',
    code: 'MP7302',
    cluster: 'west',
    break: ({ west }) =>
      move(
        west.clocks.filter(({ of }) => of === 'node'),
        300_000,
      ),
  },
];
