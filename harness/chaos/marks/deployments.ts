import type { V1Deployment } from '@kubernetes/client-node';
import { z } from 'zod';
import type { MeshCluster } from '../../mesh/attach.ts';
import { isSigned, signatureAnnotation } from '../../mesh/mark-signature.ts';
import {
  areReplicasSigned,
  beforeAnnotation,
  deploymentHeader,
  healReplicas,
  parseReplicas,
  setAnnotation,
  type DeploymentRef,
} from '../scale.ts';
import {
  readinessAnnotation,
  restart,
  restartAnnotation,
  setReadiness,
  type Readiness,
} from '../template.ts';
import { kubectl, kubectlObject, kubectlUnmark, shown, objectName, type Mark } from './mark.ts';

interface Found {
  cluster: MeshCluster;
  deployment: DeploymentRef;
  object: V1Deployment;
}

/** The marks of the Deployments of a namespace, by Deployment, in the order in which they are healed. */
export async function deploymentMarks(
  cluster: MeshCluster,
  namespace: string,
): Promise<{ deployment: DeploymentRef; marks: Mark[] }[]> {
  const { items } = await cluster.api.apps.listNamespacedDeployment({ namespace });
  const found = items.map(async (object) => {
    const deployment = { namespace, name: object.metadata?.name ?? '' };
    const of = { cluster, deployment, object };
    const marks = await Promise.all([readinessMark(of), restartMark(of), replicasMark(of)]);
    return { deployment, marks: marks.filter((mark) => mark !== undefined) };
  });
  return (await Promise.all(found)).filter(({ marks }) => marks.length > 0);
}

const headOf = ({ cluster, deployment }: Found): Pick<Mark, 'cluster' | 'object'> => ({
  ...{ cluster: cluster.name, object: objectName(deploymentHeader(deployment)) },
});

const readinessSchema = z.strictObject({
  container: z.string().max(63),
  initialDelaySeconds: z.int().min(0).max(86_400).nullable(),
});

async function readinessMark(of: Found): Promise<Mark | undefined> {
  const { cluster, deployment, object } = of;
  const text = object.metadata?.annotations?.[readinessAnnotation];
  if (text === undefined) return undefined;
  const header = deploymentHeader(deployment);
  const readiness = parseReadiness(text);
  const containers = object.spec?.template.spec?.containers ?? [];
  const probe = containers.find(({ name }) => name === readiness?.container)?.readinessProbe;
  const seconds = (value: number | null | undefined) => `${value ?? 0} s`;
  return {
    ...headOf(of),
    asks: `set the readiness probe of its template to ${shown(text)}`,
    isSigned: await isSigned(object.metadata?.annotations, cluster, 'readiness', header, [text]),
    problem: readiness && probe ? undefined : 'that does not name a readiness probe of its template',
    change: () =>
      Promise.resolve(
        `${objectName(header)}: container ${readiness?.container}, initial delay of the readiness probe ` +
          `${seconds(probe?.initialDelaySeconds)} → ${seconds(readiness?.initialDelaySeconds)}`,
      ),
    toDelete: kubectlUnmark(cluster, 'annotate', header, [
      readinessAnnotation,
      signatureAnnotation('readiness'),
    ]),
    act: async () => {
      if (readiness) await setReadiness(cluster, deployment, readiness, null);
      return `${cluster.name}: restored the readiness probe of ${deployment.namespace}/${deployment.name}`;
    },
  };
}

function parseReadiness(text: string): Readiness | undefined {
  try {
    return readinessSchema.parse(JSON.parse(text));
  } catch {
    return undefined; // the caller quotes it
  }
}

async function restartMark(of: Found): Promise<Mark | undefined> {
  const { cluster, deployment, object } = of;
  const by = object.spec?.template.metadata?.annotations?.[restartAnnotation];
  if (by === undefined) return undefined;
  const header = deploymentHeader(deployment);
  const path = `/spec/template/metadata/annotations/${restartAnnotation.replace('/', '~1')}`;
  const patch = JSON.stringify([{ op: 'remove', path }]);
  return {
    ...headOf(of),
    asks: 'restart its pods without the annotation of a fault',
    isSigned: await isSigned(object.metadata?.annotations, cluster, 'restart', header, [by]),
    change: () =>
      Promise.resolve(
        `${objectName(header)}: annotation ${restartAnnotation} ${shown(by)} → none, which restarts its pods`,
      ),
    toDelete: kubectl(cluster, 'patch', ...kubectlObject(header), '--type=json', `--patch=${patch}`),
    act: async () => {
      await restart(cluster, deployment, null);
      return `${cluster.name}: removed the restart mark of ${deployment.namespace}/${deployment.name}`;
    },
  };
}

async function replicasMark(of: Found): Promise<Mark | undefined> {
  const { cluster, deployment, object } = of;
  const { annotations = {} } = object.metadata ?? {};
  const before = annotations[beforeAnnotation];
  if (before === undefined) return undefined;
  const header = deploymentHeader(deployment);
  const note = parseReplicas(annotations);
  const { namespace, name } = deployment;
  return {
    ...headOf(of),
    asks: `scale it to ${shown(before)} pods`,
    isSigned: await areReplicasSigned(cluster, deployment, annotations),
    problem: note ? undefined : 'that is not a number of pods',
    change: () =>
      Promise.resolve(`${objectName(header)}: ${object.spec?.replicas ?? 1} pods → ${note?.before} pods`),
    toDo: note && kubectl(cluster, 'scale', ...kubectlObject(header), `--replicas=${note.before}`),
    toDelete: kubectlUnmark(cluster, 'annotate', header, [
      beforeAnnotation,
      setAnnotation,
      signatureAnnotation('replicas'),
    ]),
    act: async () => {
      if (note) await healReplicas(cluster, deployment, note.before, note.given);
      return `${cluster.name}: scaled ${namespace}/${name} to its ${note?.before} pods`;
    },
  };
}
