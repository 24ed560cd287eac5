import { KubeConfig, type V1Secret } from '#kubernetes-client';
import { z } from 'zod';
import { timeouts } from '../../timeouts.ts';
import { excessOf, type AccessRule } from '../../verdict/reader-access.ts';
import type { MeshCluster } from '../attach.ts';
import { neededResources } from '../reader-account.ts';
import { clientConfigOf, parseRemoteKubeconfig, reasonNotToUse } from '../remote-kubeconfig.ts';
import type { Gaps } from './gaps.ts';
import { KubeReader, Refused } from './kube-reader.ts';
import { withoutQuery } from './redact.ts';
import type { ReaderAccessRecord, RemoteSecret } from './schema.ts';
import { fromBase64 } from './webhooks.ts';

const reviews = '/apis/authorization.k8s.io/v1';

const texts = z.array(z.string());
/** An answer of another shape counts as one that lists nothing. */
const rulesReview = z
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

/** What {@link readAccess} needs to know. */
export interface AccessQuestion {
  secret: V1Secret;
  record: RemoteSecret;
  /** The cluster of the mesh file that it reads, by the name in the secret; undefined when there is none. */
  target: MeshCluster | undefined;
  /** Rules are asked for in these: rights in others alone are not seen. */
  namespaces: readonly string[];
  /** Whether the target's API server is known to give us no answer: it is not asked a second time. */
  isSilent: () => boolean;
  /** How long the next attempt may take. */
  leftMs: () => number;
}

/**
 * Asks the API server that a remote secret names, with the secret's own credential, what it may do; where that server does
 * not answer us, or is not to be trusted, the one of the mesh file is asked with the same credential. Nothing is changed by
 * it. A secret that would have this machine run a program or read a file is not used.
 */
export async function readAccess(question: AccessQuestion, gaps: Gaps): Promise<ReaderAccessRecord[]> {
  const { secret, record, target, namespaces, isSilent, leftMs } = question;
  const of = `${record.namespace}/${record.name}`;
  const kubeconfig = parseRemoteKubeconfig(fromBase64(secret.data?.[record.cluster]) ?? '');
  const problem = 'problem' in kubeconfig ? kubeconfig.problem : reasonNotToUse(kubeconfig);
  const reason = record.problem ?? problem;
  if ('problem' in kubeconfig || reason !== undefined) {
    const why = `its account cannot be asked for: ${reason}`;
    gaps.note({ what: 'readerAccess', of, reason: 'noWay', why });
    return [];
  }
  const config = clientConfigOf(kubeconfig);
  const ask = async (asking: KubeConfig): Promise<Answered> => {
    using reader = new KubeReader(asking, leftMs(), timeouts.connectMs);
    return await askAccess(reader, namespaces); // the reader is closed on return
  };
  const base = { secret: of, reads: record.cluster };
  try {
    return [{ ...base, asked: record.server ?? '', namedServer: 'answered', ...(await ask(config)) }];
  } catch (error) {
    const namedServer = isTrustFailure(error) ? 'notTrusted' : 'unreachable';
    const known = target?.api.config.getCurrentCluster();
    const user = config.getCurrentUser();
    const silent = { status: undefined, may: {}, excess: [], rulesIncomplete: true };
    const unasked = { ...base, asked: record.server ?? '', namedServer, ...silent } as const;
    const same = namedServer === 'unreachable' && known?.server === record.server;
    if (!known || !user || same || isSilent()) return [unasked];
    const mixed = new KubeConfig();
    mixed.loadFromClusterAndUser(known, user);
    const answered = await gaps.attempt('readerAccess', () => ask(mixed), undefined, of);
    return [answered ? { ...base, asked: withoutQuery(known.server), namedServer, ...answered } : unasked];
  }
}

type Answered = Omit<ReaderAccessRecord, 'secret' | 'reads' | 'asked' | 'namedServer'>;

async function askAccess(reader: KubeReader, namespaces: readonly string[]): Promise<Answered> {
  const silent = { may: {}, excess: [], rulesIncomplete: true };
  const rulesOf = async (namespace: string) => {
    const body = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectRulesReview',
      spec: { namespace },
    };
    const { value, status } = await reader.review(`${reviews}/selfsubjectrulesreviews`, body);
    return { namespace, status, ...rulesReview.parse(value).status };
  };
  try {
    const [rules, may] = await Promise.all([Promise.all(namespaces.map(rulesOf)), askNeeded(reader)]);
    const granted: AccessRule[] = rules.flatMap(({ namespace, resourceRules }) =>
      resourceRules.map((rule) => ({ namespace, ...rule })),
    );
    const rulesIncomplete = rules.some(({ incomplete }) => incomplete);
    return { status: rules[0]?.status ?? 201, may, excess: excessOf(granted), rulesIncomplete };
  } catch (error) {
    if (error instanceof Refused) return { status: error.status, ...silent };
    throw error;
  }
}

async function askNeeded(reader: KubeReader): Promise<Record<string, boolean>> {
  const questions = neededResources.flatMap((one) => ['list', 'watch'].map((verb) => ({ verb, ...one })));
  const answers = await Promise.all(
    questions.map(async (resourceAttributes) => {
      const kind = 'SelfSubjectAccessReview';
      const body = { apiVersion: 'authorization.k8s.io/v1', kind, spec: { resourceAttributes } };
      const { value } = await reader.review(`${reviews}/selfsubjectaccessreviews`, body);
      const { data } = accessReview.safeParse(value);
      const question = `${resourceAttributes.verb} ${resourceAttributes.resource}`;
      return data ? [[question, data.status.allowed] as const] : []; // else it is not known
    }),
  );
  return Object.fromEntries(answers.flat());
}

/** Node's codes for a server whose certificate the CA of the kubeconfig does not vouch for. */
const trustCodes = /CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS/;

const isTrustFailure = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && trustCodes.test(String(error.code));
