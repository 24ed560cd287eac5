import type { MeshCluster } from '../mesh/attach.ts';
import type { RemoteView } from '../mesh/remote-view.ts';
import type { SeenWeights } from '../mesh/seen-weights.ts';
import { eventually, judgeConsistently, judgeEventually } from '../verdict/convergence.ts';
import { every } from '../verdict/judgement.ts';
import { allHaveWeight, judgeAdded, describeWeights } from '../verdict/remote-weights.ts';
import type { Judgement } from '../verdict/verdict.ts';

/** Judgements of the weight that client proxies of other clusters give the gateway of a cluster, for a service. */
export interface JudgedWeights {
  /** Waits until all proxies use the weight. Throws if they do not in time: a baseline is missing. */
  await(pods: number, withinMs: number): Promise<void>;
  /** All proxies use the weight in time. */
  become(pods: number, withinMs: number): Promise<Judgement>;
  /** All proxies use the weight for the whole time. */
  stay(pods: number, forMs: number): Promise<Judgement>;
  /** Every other istiod holds an added pod, and every client proxy gets its endpoint; see {@link judgeAdded}. */
  grow(before: SeenWeights, pods: number, withinMs: number): Promise<Judgement>;
}

/** Judges the weights that the other clusters use for the pods of a service in one cluster. */
export function weightsOf(view: RemoteView, home: MeshCluster, service: string): JudgedWeights {
  const read = () => view.weights(service);
  const weighing = (pods: number) => ({
    what: `client proxies elsewhere weigh ${service} behind ${home.name}'s gateway as ${pods}`,
    say: describeWeights,
  });
  const is = (pods: number) => (seen: SeenWeights) => allHaveWeight(seen, pods);
  return {
    await: async (pods, withinMs) =>
      void (await eventually(read, { until: is(pods), withinMs, ...weighing(pods) })),
    become: (pods, withinMs) => judgeEventually(read, { until: is(pods), withinMs, ...weighing(pods) }),
    stay: (pods, forMs) => judgeConsistently(read, { holds: is(pods), forMs, ...weighing(pods) }),
    grow: async (before, pods, withinMs) => {
      const judge = (seen: SeenWeights) => judgeAdded({ before, seen, pods });
      const isKnown = (seen: SeenWeights) => judge(seen).verdict === 'pass';
      const what = `client proxies elsewhere know ${pods} pods of ${service} behind ${home.name}'s gateway`;
      const arrived = await Promise.all([
        judgeEventually(() => view.held(service), {
          until: (held) => Object.values(held).every((endpoints) => endpoints === pods),
          ...{ withinMs, what: `istiods elsewhere hold ${pods} endpoints of ${service} in ${home.name}` },
        }),
        judgeEventually(read, { until: isKnown, withinMs, what, say: describeWeights }),
      ]);
      return every([...arrived, judge(await read())]);
    },
  };
}
