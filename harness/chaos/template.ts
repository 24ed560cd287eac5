import { PatchStrategy, type KubernetesObject } from '#kubernetes-client';
import { whileWaiting } from '../base/waiting.ts';
import { fieldManager } from '../kube/cluster-api.ts';
import type { MeshCluster } from '../mesh/attach.ts';
import { signatureAnnotation, signed } from '../mesh/mark-signature.ts';
import { deploymentHeader, type DeploymentRef } from './scale.ts';

/** On a pod template that a fault changed in order to restart its pods. Without it the template is as before. */
export const restartAnnotation = 'meshproof.dev/restarted-by';

/**
 * Restarts the pods of a Deployment by a rollout and does not wait. `null` removes the mark: the template is then as
 * before, which is another rollout.
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

/** The annotation of a Deployment that signs a mark. If the value is null, it removes the signature. */
const signature = async (
  cluster: MeshCluster,
  mark: 'restart' | 'readiness',
  deployment: DeploymentRef,
  value: string | null,
): Promise<Record<string, string | null>> =>
  value === null
    ? { [signatureAnnotation(mark)]: null }
    : signed(cluster, mark, deploymentHeader(deployment), [value]);

/** The container of a Deployment's template whose readiness probe starts late, and the delay before the fault. */
export interface Readiness {
  container: string;
  /** Seconds; null if the template does not set a delay, which is the default. */
  initialDelaySeconds: number | null;
}

/** Reads the delay of the first readiness probe in a template. Throws without a readiness probe. */
export async function readinessOf(cluster: MeshCluster, deployment: DeploymentRef): Promise<Readiness> {
  const { spec } = await whileWaiting(() => cluster.api.apps.readNamespacedDeployment(deployment));
  const container = spec?.template.spec?.containers.find(
    ({ readinessProbe }) => readinessProbe !== undefined,
  );
  const { namespace, name } = deployment;
  if (!container)
    throw new Error(
      `Deployment ${namespace}/${name} of cluster ${cluster.name} does not have a readiness probe.`,
    );
  const initialDelaySeconds = container.readinessProbe?.initialDelaySeconds ?? null;
  return { container: container.name, initialDelaySeconds };
}

/** The readiness of a template before a fault, for healing without a journal. */
export const readinessAnnotation = 'meshproof.dev/readiness-before';

/**
 * Changes the delay of a readiness probe and notes the delay before the fault. If `before` is null, the note is
 * removed.
 */
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
