import type { KubeConfig, V1Secret } from '#kubernetes-client';
import { timeouts } from '../base/timeouts.ts';
import { KubeReader, Refused } from '../kube/kube-reader.ts';
import { askNeeded, askRules, type ListedRule, type ListedRules } from '../mesh/access-review.ts';
import type { MeshCluster } from '../mesh/attach.ts';
import {
  actsAs,
  actsAsAnother,
  clientConfigOf,
  parseRemoteKubeconfig,
  reasonNotToUse,
  withServerOf,
} from '../mesh/remote-kubeconfig.ts';
import type { Gaps } from './gaps.ts';
import { withoutQuery } from './redact.ts';
import type { ReaderAccessRecord, RemoteSecret } from './schema.ts';
import { fromBase64 } from './webhooks.ts';

/** The question of {@link readAccess}. */
export interface AccessQuestion {
  secret: V1Secret;
  record: RemoteSecret;
  /** The cluster of the mesh file with the name in the secret; undefined if no cluster has it. */
  target: MeshCluster | undefined;
  /** The namespaces in which rules are asked for; rights in other namespaces are not seen. */
  namespaces: readonly string[];
  /** Whether the API server of the target is known not to answer; if so, it is not asked again. */
  isSilent: () => boolean;
  /** How long the next attempt may take. */
  leftMs: () => number;
}

/**
 * Asks the API server in a remote secret, with the credential of the secret, for the rights of its account. If that server does not
 * answer, or its certificate is not trusted, asks the server in the mesh file with the same credential. Changes nothing. Does not use a
 * secret that would make this machine run a program or read a file.
 */
export async function readAccess(question: AccessQuestion, gaps: Gaps): Promise<ReaderAccessRecord[]> {
  const { secret, record, target, namespaces, isSilent, leftMs } = question;
  const of = `${record.namespace}/${record.name}`;
  const kubeconfig = parseRemoteKubeconfig(fromBase64(secret.data?.[record.cluster]) ?? '');
  const problem =
    'problem' in kubeconfig
      ? kubeconfig.problem
      : (reasonNotToUse(kubeconfig) ?? (actsAsAnother(kubeconfig) ? actsAs : undefined));
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
    const silent = { status: undefined, may: {}, rules: [], rulesIncomplete: true };
    const unasked = { ...base, asked: record.server ?? '', namedServer, ...silent } as const;
    const same = namedServer === 'unreachable' && known?.server === record.server;
    if (!known || same || isSilent()) return [unasked];
    const mixed = withServerOf(known, config);
    const answered = await gaps.attempt('readerAccess', () => ask(mixed), undefined, of);
    return [answered ? { ...base, asked: withoutQuery(known.server), namedServer, ...answered } : unasked];
  }
}

type Answered = Omit<ReaderAccessRecord, 'secret' | 'reads' | 'asked' | 'namedServer'>;

async function askAccess(reader: KubeReader, namespaces: readonly string[]): Promise<Answered> {
  const silent = { may: {}, rules: [], rulesIncomplete: true };
  try {
    const [rules, may] = await Promise.all([askRules(reader, namespaces), askNeeded(reader)]);
    const granted = rulesOnce(rules);
    const kept = granted.slice(0, limits.rules).map(shortened);
    const isCut = JSON.stringify(kept) !== JSON.stringify(granted);
    return {
      status: rules[0]?.status ?? 201,
      may,
      rules: kept,
      rulesIncomplete: isCut || rules.some(({ incomplete }) => incomplete),
    };
  } catch (error) {
    if (error instanceof Refused) return { status: error.status, ...silent };
    throw error;
  }
}

/** The most rules of an account that are kept, and the longest list or name in a rule. */
const limits = { rules: 500, items: 200, characters: 253 } as const;

function shortened<R extends ListedRule>(rule: R): R {
  const short = (all: string[]) => all.slice(0, limits.items).map((one) => one.slice(0, limits.characters));
  return {
    ...rule,
    verbs: short(rule.verbs),
    apiGroups: short(rule.apiGroups),
    resources: short(rule.resources),
  };
}

/** Each rule once, with the namespaces in which it was listed: a ClusterRole is listed in every namespace. */
function rulesOnce(listed: readonly ListedRules[]): NonNullable<ReaderAccessRecord['rules']> {
  const byRule = new Map<string, ListedRule & { namespaces: string[] }>();
  for (const { namespace, resourceRules } of listed)
    for (const rule of resourceRules) {
      const key = JSON.stringify([rule.verbs, rule.apiGroups, rule.resources]);
      const known = byRule.get(key);
      if (!known) byRule.set(key, { namespaces: [namespace], ...rule });
      else if (!known.namespaces.includes(namespace)) known.namespaces.push(namespace);
    }
  return [...byRule.values()];
}

/** Node's codes for a server whose certificate the CA of the kubeconfig does not verify. */
const trustCodes = /CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS/;

const isTrustFailure = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && trustCodes.test(String(error.code));
