import { z } from 'zod';
import type { KubeReader } from '../kube/kube-reader.ts';

/** What an istiod lists and watches in a remote cluster; the resources of Istio's own istio-reader ClusterRole. */
export const neededResources = [
  { group: '', resource: 'services' },
  { group: 'discovery.k8s.io', resource: 'endpointslices' },
  { group: '', resource: 'pods' },
  { group: '', resource: 'nodes' },
  { group: '', resource: 'namespaces' },
] as const;

export const reviews = '/apis/authorization.k8s.io/v1';

/** The most rules of an account that are kept, and the longest list or name in a rule. */
export const limits = { rules: 500, items: 200, characters: 253 } as const;

const texts = z
  .array(z.string())
  .transform((all) => all.slice(0, limits.items).map((one) => one.slice(0, limits.characters)));

/** An answer of another shape counts as an answer without rules. */
export const rulesReview = z
  .object({
    status: z.object({
      incomplete: z.boolean().default(true),
      resourceRules: z
        .array(z.object({ verbs: texts, apiGroups: texts.default([]), resources: texts.default([]) }))
        .default([]),
    }),
  })
  .catch({ status: { incomplete: true, resourceRules: [] } });

const accessReview = z.object({ status: z.object({ allowed: z.boolean() }) });

export async function askNeeded(reader: KubeReader): Promise<Record<string, boolean>> {
  const questions = neededResources.flatMap((one) => ['list', 'watch'].map((verb) => ({ verb, ...one })));
  const answers = await Promise.all(
    questions.map(async (resourceAttributes) => {
      const kind = 'SelfSubjectAccessReview';
      const body = { apiVersion: 'authorization.k8s.io/v1', kind, spec: { resourceAttributes } };
      const { value } = await reader.review(`${reviews}/selfsubjectaccessreviews`, body);
      const { data } = accessReview.safeParse(value);
      const question = `${resourceAttributes.verb} ${resourceAttributes.resource}`;
      return data ? [[question, data.status.allowed] as const] : []; // without an answer it is not known
    }),
  );
  return Object.fromEntries(answers.flat());
}
