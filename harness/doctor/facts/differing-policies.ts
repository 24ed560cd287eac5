import type { PodRecord, ResourceRecord } from '../../snapshot/schema.ts';
import { authorizations, protects, type AuthorizationRecord } from '../authorization.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import type { Compared, Difference } from '../differences.ts';
import { meshServices } from '../mesh-services.ts';
import type { MeshView } from '../mesh-view.ts';
import { decidedModes } from '../peer-authentication.ts';
import { selects } from '../pod-index.ts';
import { labels, list, table } from '../spec-reader.ts';
import { deniesCallers, protectsAny } from './denied-callers.ts';

/** The pods with a sidecar of a cluster to which a policy would apply. Throws NotRead. */
function podsOf(cluster: ClusterView, { namespace, spec }: ResourceRecord): PodRecord[] {
  // A policy for a gateway or a waypoint does not apply to sidecars.
  if (list(spec['targetRefs']).length > 0 || spec['targetRef'] !== undefined) return [];
  const selector = labels(table(spec['selector'])['matchLabels']);
  return cluster
    .whole('pods')
    .filter(
      (pod) =>
        pod.sidecar &&
        (pod.namespace === namespace || namespace === cluster.rootNamespace) &&
        selects(selector, pod.labels),
    );
}

/** The first cluster that lacks the policy or has another version, with pods to which it would apply. Throws NotRead. */
function affectedBy({ have, lack }: Difference): ClusterView | undefined {
  const example = have[0]?.resource;
  const others = lack.length > 0 ? lack : have.map(({ cluster }) => cluster);
  return example && others.find((cluster) => podsOf(cluster, example).length > 0);
}

const nothing = { severity: 'info', effect: 'it does not apply to a pod there' } as const;

export const comparedAuthentications: Compared = {
  kind: 'PeerAuthentication',
  needs: ['pods'],
  effectOf: (_view, difference) => {
    const affected = affectedBy(difference);
    const [first] = difference.have;
    if (!affected || !first) return nothing;
    const clusters = [...difference.have.map(({ cluster }) => cluster), ...difference.lack];
    const modes = clusters.map(decidedModes);
    // The pods of every cluster, by the policies of every cluster: only a different mode has an effect.
    const differs = clusters.some((cluster) =>
      podsOf(cluster, first.resource).some((pod) => {
        const ports = pod.containers.flatMap((one) => one.ports);
        const asked = [
          undefined,
          ...ports.map(({ name, port, protocol }) => ({ name, port, protocol, targetPort: port })),
        ];
        return asked.some((port) => new Set(modes.map((modeOf) => modeOf(pod, port).mode)).size > 1);
      }),
    );
    if (!differs) return undefined;
    return { severity: 'warning', effect: `pods in ${affected.name} accept other connections` };
  },
};

export const comparedTokens: Compared = {
  kind: 'RequestAuthentication',
  needs: ['pods'],
  effectOf: (_view, difference) => {
    const affected = affectedBy(difference);
    return affected
      ? { severity: 'warning', effect: `pods in ${affected.name} accept other tokens` }
      : nothing;
  },
};

/** The policies of a difference, as they can be read. Throws NotRead. */
const recordsOf = ({ key, have }: Difference): { cluster: ClusterView; policy: AuthorizationRecord }[] =>
  have.flatMap(({ cluster }) =>
    authorizations(cluster)
      .filter((policy) => keyOf(policy) === key)
      .map((policy) => ({ cluster, policy })),
  );

/** A service with pods in several clusters whose pods in one of them deny calls that pods elsewhere accept. Throws NotRead. */
function deniedInPart(view: MeshView, difference: Difference): { service: string; at: string } | undefined {
  const records = recordsOf(difference);
  const denying = records.filter(
    ({ cluster, policy }) => protectsAny(cluster, policy) && deniesCallers(view, policy),
  );
  const accepting = [...difference.lack, ...records.map(({ cluster }) => cluster)].filter(
    (one) => !denying.some(({ cluster }) => cluster === one),
  );
  for (const { cluster, policy } of denying)
    for (const { key, meshed, in: all } of meshServices(view)) {
      const here = all.find((one) => one.cluster === cluster);
      const isProtected =
        here !== undefined &&
        cluster.podsOf(here.service).some((pod) => pod.sidecar && protects(cluster, policy, pod));
      if (isProtected && accepting.some((one) => meshed.includes(one)))
        return { service: key, at: cluster.name };
    }
  return undefined;
}

export const comparedAuthorizations: Compared = {
  kind: 'AuthorizationPolicy',
  needs: ['pods', 'services', 'istiods'],
  effectOf: (view, difference) => {
    const affected = affectedBy(difference);
    if (!affected) return nothing;
    const denied = deniedInPart(view, difference);
    return denied
      ? {
          severity: 'error',
          effect: `pods of ${denied.service} in ${denied.at} deny calls that others accept`,
        }
      : { severity: 'warning', effect: `pods in ${affected.name} allow other callers` };
  },
};
