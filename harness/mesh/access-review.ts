import { z } from 'zod';
import type { KubeReader } from '../kube/kube-reader.ts';

/** The resources that an istiod lists and watches in a remote cluster, as the ClusterRole istio-reader of Istio grants them. */
export const neededResources = [
  { group: '', resource: 'services' },
  { group: 'discovery.k8s.io', resource: 'endpointslices' },
  { group: '', resource: 'pods' },
  { group: '', resource: 'nodes' },
  { group: '', resource: 'namespaces' },
] as const;

const reviews = '/apis/authorization.k8s.io/v1';
const apiVersion = 'authorization.k8s.io/v1';

/** An answer of another shape counts as an answer without rules. */
const rulesReview = z
  .object({
    status: z.object({
      incomplete: z.boolean().default(true),
      resourceRules: z
        .array(
          z.object({
            verbs: z.array(z.string()),
            apiGroups: z.array(z.string()).default([]),
            resources: z.array(z.string()).default([]),
          }),
        )
        .default([]),
    }),
  })
  .catch({ status: { incomplete: true, resourceRules: [] } });

const accessReview = z.object({ status: z.object({ allowed: z.boolean() }) });

/** A rule of an account, as a SelfSubjectRulesReview lists it. */
export type ListedRule = z.infer<typeof rulesReview>['status']['resourceRules'][number];

/** The rules of an account in one namespace, with the HTTP status of the review. */
export interface ListedRules {
  namespace: string;
  status: number;
  /** Whether the server could not list all rules. */
  incomplete: boolean;
  resourceRules: ListedRule[];
}

/** Asks for the rules of the account of `reader` in each namespace. Throws as `reader` does. */
export const askRules = (reader: KubeReader, namespaces: readonly string[]): Promise<ListedRules[]> =>
  Promise.all(
    namespaces.map(async (namespace) => {
      const body = { apiVersion, kind: 'SelfSubjectRulesReview', spec: { namespace } };
      const { value, status } = await reader.review(`${reviews}/selfsubjectrulesreviews`, body);
      return { namespace, status, ...rulesReview.parse(value).status };
    }),
  );

/**
 * Asks whether the account of `reader` may list and watch each of {@link neededResources} in the whole cluster, by "list services" and the
 * like. A question without an answer is absent. Throws as `reader` does.
 */
export async function askNeeded(reader: KubeReader): Promise<Record<string, boolean>> {
  const questions = neededResources.flatMap((one) => ['list', 'watch'].map((verb) => ({ verb, ...one })));
  const answers = await Promise.all(
    questions.map(async (resourceAttributes) => {
      const body = { apiVersion, kind: 'SelfSubjectAccessReview', spec: { resourceAttributes } };
      const { value } = await reader.review(`${reviews}/selfsubjectaccessreviews`, body);
      const { data } = accessReview.safeParse(value);
      const question = `${resourceAttributes.verb} ${resourceAttributes.resource}`;
      return data ? [[question, data.status.allowed] as const] : [];
    }),
  );
  return Object.fromEntries(answers.flat());
}
