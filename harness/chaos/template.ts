import { PatchStrategy, type KubernetesObject } from '#kubernetes-client';
import { whileWaiting } from '../base/waiting.ts';
import { fieldManager } from '../kube/cluster-api.ts';
import type { MeshCluster } from '../mesh/attach.ts';
import { signatureAnnotation, signed } from '../mesh/mark-signature.ts';
import { deploymentHeader, type DeploymentRef } from './scale.ts';

/** On a pod template that was changed for a fault, so that its pods are made anew; without it they are as before. */
export const restartAnnotation = 'meshproof.dev/restarted-by';

/**
 * Makes the pods of a Deployment anew, one after the other as its strategy says, and does not wait. `null` takes the mark off
 * again: the pods are then those of the template as it was, which is a rollout, too.
 */
export async function restart(
  cluster: MeshCluster,
  deployment: DeploymentRef,
  mark: string | null,
): Promise<void> {
  const annotations = await signature(cluster, 'restart', deployment, mark);
  const template = { metadata: { annotations: { [restartAnnotation]: mark } } };
  await patchTemplate(cluster, deployment, template, { annotations });
}

/** The annotation of a Deployment that signs a mark, or that removes its signature when the mark is null. */
const signature = async (
  cluster: MeshCluster,
  mark: 'restart' | 'readiness',
  deployment: DeploymentRef,
  value: string | null,
): Promise<Record<string, string | null>> =>
  value === null
    ? { [signatureAnnotation(mark)]: null }
    : signed(cluster, mark, deploymentHeader(deployment), [value]);

/** The container of a Deployment's template whose readiness is asked for late, and since when it is by itself. */
export interface Readiness {
  container: string;
  /** Seconds; null for none, which is the default. */
  initialDelaySeconds: number | null;
}

/** Reads when the first container of a template is first asked whether it is ready. Throws when it never is. */
export async function readinessOf(cluster: MeshCluster, deployment: DeploymentRef): Promise<Readiness> {
  const { spec } = await whileWaiting(() => cluster.api.apps.readNamespacedDeployment(deployment));
  const container = spec?.template.spec?.containers.find(
    ({ readinessProbe }) => readinessProbe !== undefined,
  );
  const { namespace, name } = deployment;
  if (!container)
    throw new Error(`No container of ${namespace}/${name} in ${cluster.name} has a readiness probe.`);
  const initialDelaySeconds = container.readinessProbe?.initialDelaySeconds ?? null;
  return { container: container.name, initialDelaySeconds };
}

/** Where the readiness of a template before a fault is noted, for healing without a journal. */
export const readinessAnnotation = 'meshproof.dev/readiness-before';

/** Changes when a container is first asked whether it is ready, noting what it was before; null for `before` ends the note. */
export async function setReadiness(
  cluster: MeshCluster,
  deployment: DeploymentRef,
  { container, initialDelaySeconds }: Readiness,
  before: Readiness | null,
): Promise<void> {
  const note = before && JSON.stringify(before);
  await patchTemplate(
    cluster,
    deployment,
    { spec: { containers: [{ name: container, readinessProbe: { initialDelaySeconds } }] } },
    {
      annotations: {
        [readinessAnnotation]: note,
        ...(await signature(cluster, 'readiness', deployment, note)),
      },
    },
  );
}

async function patchTemplate(
  cluster: MeshCluster,
  deployment: DeploymentRef,
  template: object,
  metadata: object,
): Promise<void> {
  const body = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...deployment, ...metadata },
    spec: { template },
  } as KubernetesObject;
  try {
    await whileWaiting(() =>
      cluster.api.objects.patch(
        body,
        undefined,
        undefined,
        fieldManager,
        undefined,
        PatchStrategy.StrategicMergePatch,
      ),
    );
  } catch (error) {
    const { namespace, name } = deployment;
    throw new Error(`Cluster ${cluster.name} did not change the template of ${namespace}/${name}.`, {
      cause: error,
    });
  }
}
