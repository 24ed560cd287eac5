import type { MeshCluster } from '../mesh/attach.ts';
import type { RemoteView } from '../mesh/remote-view.ts';
import type { SeenWeights } from '../mesh/seen-weights.ts';
import { eventually, judgeConsistently, judgeEventually } from '../verdict/convergence.ts';
import { every } from '../verdict/judgement.ts';
import { allHaveWeight, describeWeights, judgeAdded } from '../verdict/remote-weights.ts';
import type { Judgement } from '../verdict/verdict.ts';

/** What is promised of the weight that client proxies elsewhere give the gateway of a cluster, for a service. */
export interface JudgedWeights {
  /** Waits until all give it this one. Throws where that does not come to be: no baseline. */
  await(pods: number, withinMs: number): Promise<void>;
  /** All give it this one in time. */
  become(pods: number, withinMs: number): Promise<Judgement>;
  /** All give it this one, for a time. */
  stay(pods: number, forMs: number): Promise<Judgement>;
  /** A pod that was added is held by every istiod elsewhere, and told to every client proxy, see {@link judgeAdded}. */
  grow(before: SeenWeights, pods: number, withinMs: number): Promise<Judgement>;
}

/** Judges how the rest of a mesh weighs the pods of a service in one cluster. */
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
      const told = (seen: SeenWeights) => judge(seen).verdict === 'pass';
      const what = `client proxies elsewhere know ${pods} pods of ${service} behind ${home.name}'s gateway`;
      const arrived = await Promise.all([
        judgeEventually(() => view.held(service), {
          until: (held) => Object.values(held).every((endpoints) => endpoints === pods),
          ...{ withinMs, what: `istiods elsewhere hold ${pods} endpoints of ${service} in ${home.name}` },
        }),
        judgeEventually(read, { until: told, withinMs, what, say: describeWeights }),
      ]);
      return every([...arrived, judge(await read())]);
    },
  };
}
