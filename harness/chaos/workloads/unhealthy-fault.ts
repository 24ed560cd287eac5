import { z } from 'zod';
import { settleAll } from '../../base/settle-all.ts';
import type { MeshCluster, Pod } from '../../mesh/attach.ts';
import { bounds } from '../bounds.ts';
import { askDirectly, type DirectAnswer } from '../direct-answer.ts';
import { type AnyFault, defineFault } from '../fault.ts';
import { parameters } from '../parameters.ts';
import { healPod, isUnhealthy, makeUnhealthy, type PodFailure } from './unhealthy-pod.ts';

/** Parameters of every failure. */
const unhealthyParameters = {
  cluster: parameters.cluster,
  service: parameters.service,
  count: parameters.count,
  pod: z.string().optional().describe('The only pod that is changed, by its name.'),
  percent: parameters.percent,
};

interface UnhealthyFault<P extends z.ZodObject> {
  id: string;
  title: string;
  parameters: P;
  failure(parameters: z.output<P>): PodFailure;
  /** The path of requests to a pod outside the mesh; default `/`. */
  path?: string;
  /** Whether an answer shows the failure. */
  shows(answer: DirectAnswer, parameters: z.output<P>): boolean;
}

interface Common {
  cluster: string;
  service: string;
  count?: number;
  pod?: string;
  percent: number;
}

const undo = z.object({ pods: z.array(z.object({ namespace: z.string(), name: z.string() })) });

/**
 * The probability that a healthy pod passes for an unhealthy one by chance
 * (docs/adr/0004-exact-tests-not-tolerances.md).
 */
const falseAlarm = 1e-6;

/**
 * Pods of a service run, stay ready, and answer wrongly. The proof are answers through a port-forward, which pass no
 * proxy of the mesh: as many as show a failure of that share, except for a probability of {@link falseAlarm}.
 */
const unhealthyFault = <P extends z.ZodObject<typeof unhealthyParameters>>(
  fault: UnhealthyFault<P>,
): AnyFault =>
  defineFault({
    ...{ id: fault.id, title: fault.title, parameters: fault.parameters, undo },
    ...{ disturbs: 'nothing', needsLab: false, stage: 'rest', bounds: bounds.unhealthyPods },
    clusters: (parameters) => [common(parameters).cluster],
    prepare: async (mesh, parameters) => {
      const { cluster, service, count, pod } = common(parameters);
      const pods = (await mesh.cluster(cluster).pods(service)).filter(
        ({ ready, name }) => ready && (pod === undefined || name === pod),
      );
      if (pods.length === 0)
        throw new Error(
          `Cluster ${cluster}: service ${service} does not have a ready pod${pod === undefined ? '' : ` ${pod}`}.`,
        );
      return {
        pods: pods.slice(0, count ?? pods.length).map(({ namespace, name }) => ({ namespace, name })),
      };
    },
    inject: async ({ mesh, parameters, undo: { pods } }) => {
      const cluster = mesh.cluster(common(parameters).cluster);
      await settleAll(pods.map((pod) => makeUnhealthy(cluster, pod, fault.failure(parameters))));
    },
    prove: async ({ mesh, parameters, undo: { pods } }) => {
      const { cluster, percent } = common(parameters);
      const evidence = await Promise.all(
        pods.map(({ name, namespace }) =>
          showsFailure(mesh.cluster(cluster), { name, namespace } as Pod, fault, parameters, percent),
        ),
      );
      return evidence.join('; ');
    },
    heal: async ({ mesh, parameters, undo: { pods } }) => {
      const cluster = mesh.cluster(common(parameters).cluster);
      await settleAll(pods.map((pod) => healPod(cluster, pod)));
    },
    proveHealed: async ({ mesh, parameters, undo: { pods } }) => {
      const { cluster, service } = common(parameters);
      const left = (await mesh.cluster(cluster).pods(service)).filter(isUnhealthy);
      if (left.length > 0) throw new Error(`${left.map(({ name }) => name).join(', ')} is still unhealthy.`);
      return `the Envoys of ${pods.map(({ name }) => name).join(', ')} no longer have the failure`;
    },
  });

const common = (parameters: object): Common => parameters as Common;

async function showsFailure<P extends z.ZodObject>(
  cluster: MeshCluster,
  pod: Pod,
  fault: UnhealthyFault<P>,
  parameters: z.output<P>,
  percent: number,
): Promise<string> {
  // (1 - share)^n ≤ falseAlarm
  const tries = percent === 100 ? 1 : Math.ceil(Math.log(falseAlarm) / Math.log(1 - percent / 100));
  for (let asked = 1; asked <= tries; asked++) {
    const answer = await askDirectly(cluster, pod, fault.path ?? '/');
    if (fault.shows(answer, parameters)) {
      const { status, firstByteMs, bytes, ended } = answer;
      const said =
        status === undefined
          ? `no answer within ${firstByteMs} ms`
          : `${status} after ${firstByteMs} ms, ${ended ? 'all' : 'only'} of ${bytes} bytes`;
      return `${cluster.name}/${pod.name} outside the mesh, request ${asked}: ${said}`;
    }
  }
  throw new Error(
    `${cluster.name}/${pod.name} answered ${tries} requests outside the mesh as a healthy pod does.`,
  );
}

/** They are ready, but answer with errors. */
export const podsFailing = unhealthyFault({
  id: 'pods-failing',
  title: 'Pods of a service answer a share of the requests with an error',
  parameters: z.object({
    ...unhealthyParameters,
    status: z.coerce.number().int().min(400).max(599).default(503).describe('The status they answer with.'),
  }),
  failure: ({ percent, status }) => ({ abortPercent: percent, abortStatus: status }),
  shows: ({ status }, given) => status === given.status,
});

/** Each late answer arrives after `delayMs`. */
export const podsLate = unhealthyFault({
  id: 'pods-late',
  title: 'Pods of a service are late with a share of their answers',
  parameters: z.object({
    ...unhealthyParameters,
    delayMs: z.coerce.number().int().min(50).max(600_000).default(1_000).describe('Milliseconds.'),
  }),
  failure: ({ percent, delayMs }) => ({ delayPercent: percent, delayMs }),
  shows: ({ status, firstByteMs }, { delayMs }) => status === undefined || firstByteMs >= delayMs,
});

/** Connections stay open without an answer, for an hour. Requests that hang stay so after healing. */
export const podsHanging = unhealthyFault({
  id: 'pods-hanging',
  title: 'Pods of a service never answer a share of the requests',
  parameters: z.object(unhealthyParameters),
  failure: ({ percent }) => ({ hangPercent: percent }),
  shows: ({ status }) => status === undefined,
});

/** The head of an answer arrives at once, the body late. */
export const podsSlow = unhealthyFault({
  id: 'pods-slow',
  title: 'Pods of a service send the bodies of a share of their answers at 1 KiB/s',
  parameters: z.object(unhealthyParameters),
  failure: ({ percent }) => ({ slowPercent: percent }),
  path: '/bytes/8192', // more than arrives within the time limit
  shows: ({ status, ended }) => status === 200 && !ended,
});
