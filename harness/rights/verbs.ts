import type { MeshFile, MeshFileCluster } from '../config/mesh-file.ts';
import { deployRights } from './deploy.ts';
import { doctorRights, gatherRights } from './doctor.ts';
import { allows, requestsOf, type Right, type Scope } from './right.ts';
import { chaosRights, healRights, runRights } from './run.ts';

const rightsByVerb = {
  doctor: doctorRights,
  gather: gatherRights,
  run: runRights,
  chaos: chaosRights,
  heal: healRights,
  deploy: deployRights,
} as const;

/** The verbs whose rights are known; those of `undeploy` are in `deploy`. */
export const verbsWithRights = Object.keys(rightsByVerb) as RightsVerb[];
export type RightsVerb = keyof typeof rightsByVerb;

/** The rights that a command uses in a cluster, each once. */
export const rightsOf = (verb: RightsVerb, scope: Scope): Right[] => narrowest(rightsByVerb[verb](scope));

/**
 * Leaves out each verb of a right that another right gives as well. An optional role gives nothing here: it may be left out
 * of the cluster.
 */
function narrowest(rights: readonly Right[]): Right[] {
  const kept = [...rights];
  for (const right of rights) {
    const at = kept.indexOf(right);
    const others = kept.filter((one) => one !== right && one.optional === undefined);
    const verbs = right.verbs.filter((verb) => {
      const requests = requestsOf({ ...right, verbs: [verb] });
      return !requests.every((asked) => others.some((other) => allows(other, asked)));
    });
    if (verbs.length === 0) kept.splice(at, 1);
    else kept[at] = { ...right, verbs };
  }
  return kept;
}

/** The namespaces that rights in a cluster of a mesh file are limited to. */
export const scopeOf = (
  { rootNamespace, namespace }: Pick<MeshFile, 'rootNamespace' | 'namespace'>,
  { eastWestGateway }: Pick<MeshFileCluster, 'eastWestGateway'>,
): Scope => ({ rootNamespace, namespace, gatewayNamespace: eastWestGateway?.namespace ?? rootNamespace });

/** The defaults of a mesh file. */
export const defaultScope: Scope = {
  ...{ rootNamespace: 'istio-system', namespace: 'meshproof', gatewayNamespace: 'istio-system' },
};
