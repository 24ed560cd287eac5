import type { z } from 'zod';
import { type ClockReading, within } from '../kube/kube-reader.ts';
import type { MeshCluster } from '../mesh/attach.ts';
import { debugPort } from '../mesh/istiod.ts';
import { adminPort } from '../mesh/proxy-admin.ts';
import type { CertificateBook } from './certificate-book.ts';
import { Gaps } from './gaps.ts';
import { readIstiod } from './istiod-view.ts';
import { PodView } from './pod-view.ts';
import { chooseProxies } from './proxy-choice.ts';
import { readProxy } from './proxy-view.ts';
import type { Declared, IstiodRecord, Limits, PodRecord, ProxyRecord, ServiceRecord } from './schema.ts';
import { istiod, proxy } from './shape-observed.ts';

/** The parameters of {@link observePods}. */
export interface ObserveQuestion {
  cluster: MeshCluster;
  declared: Declared;
  pods: readonly PodRecord[];
  services: readonly ServiceRecord[];
  limits: Limits;
  book: CertificateBook;
  gaps: Gaps;
  deadlineMs: number;
}

/** The records of the pods of a cluster. */
export interface Observed {
  istiods: Promise<IstiodRecord[]>;
  proxies: Promise<ProxyRecord[]>;
  /** By name of the node; complete when `istiods` and `proxies` are settled. */
  clocks: Map<string, ClockReading[]>;
}

/** Asks every istiod that is ready and the chosen proxies, all side by side, each within the deadline. */
export function observePods(question: ObserveQuestion): Observed {
  const { pods, book, gaps, limits } = question;
  const clocks = new Map<string, ClockReading[]>();
  const { shardsPerIstiod, upstreamsPerProxy } = limits;
  const istiods = pods.filter((pod) => pod.labels['app'] === 'istiod' && pod.ready);
  const proxies = chooseProxies(question);
  const asking = <S extends z.ZodType>(
    what: 'istiods' | 'proxies',
    pod: PodRecord,
    port: number,
    shape: S,
    read: (view: PodView, gaps: Gaps) => Promise<unknown>,
  ): Promise<z.output<S>[]> => {
    const of = `${pod.namespace}/${pod.name}`;
    const own = new Gaps(); // failures after the deadline are not recorded: the port-forward is closed by then
    const ask = async (): Promise<z.output<S>[]> => {
      await using view = new PodView(question.cluster.api, pod, port);
      try {
        const said = await within(question.deadlineMs, `port ${port} of ${of}`, read(view, own));
        return own.records(
          what,
          [said],
          shape,
          (one) => one,
          () => of,
        );
      } finally {
        own.list.forEach((gap) => gaps.note(gap));
        clocks.set(pod.node, [...(clocks.get(pod.node) ?? []), ...view.clock]);
      }
    };
    return gaps.attempt(what, ask, [], of);
  };
  const seenIstiods = istiods.map((pod) =>
    asking('istiods', pod, debugPort, istiod, (view, gaps) =>
      readIstiod(view, { pod, shardsPerIstiod, book, gaps }),
    ),
  );
  const seenProxies = proxies.map((pod) =>
    asking('proxies', pod, adminPort, proxy, (view, gaps) =>
      readProxy(view, { pod, upstreamsPerProxy, book, gaps }),
    ),
  );
  return {
    istiods: Promise.all(seenIstiods).then((all) => all.flat()),
    proxies: Promise.all(seenProxies).then((all) => all.flat()),
    clocks,
  };
}
