import type { KubeConfig } from '@kubernetes/client-node';
import { z } from 'zod';
import { timeouts } from '../base/timeouts.ts';
import { explained } from '../kube/failure-words.ts';
import { KubeReader } from '../kube/kube-reader.ts';
import { type Asked, requestsOf, type Right } from './right.ts';

/** Whether an account has a right; undefined if the API server did not say. */
export interface CheckedRight {
  right: Right;
  has: boolean | undefined;
}

/** What an API server answered about the rights of the account that asks. */
export interface CheckedRights {
  rights: CheckedRight[];
  /** Why some of them could not be asked for. */
  problem?: string;
}

const review = z.object({ status: z.object({ allowed: z.boolean() }) });

/**
 * Asks an API server which rights the account of a kubeconfig has, by one SelfSubjectAccessReview for each verb and name, a few at a
 * time. Changes nothing. A server that does not answer is given {@link timeouts.rightsMs}, and all of them together
 * {@link timeouts.apiMs}. Does not throw.
 */
export async function checkRights(config: KubeConfig, rights: readonly Right[]): Promise<CheckedRights> {
  using reader = new KubeReader(config, timeouts.apiMs, timeouts.rightsMs);
  let problem: string | undefined;
  const ask = async (asked: Asked): Promise<boolean | undefined> => {
    try {
      return await isAllowed(reader, asked);
    } catch (error) {
      problem ??= explained(error).why;
      return undefined;
    }
  };
  const checked = rights.map(async (right): Promise<CheckedRight> => {
    const answers = await Promise.all(requestsOf(right).map(ask));
    const has = answers.includes(false) ? false : answers.includes(undefined) ? undefined : true;
    return { right, has };
  });
  const all = await Promise.all(checked); // awaited here: the reader is closed when this returns
  return { rights: all, ...(problem === undefined ? {} : { problem }) };
}

async function isAllowed(reader: KubeReader, asked: Asked): Promise<boolean> {
  const { resource: whole, ...rest } = asked;
  const [resource, subresource] = whole.split('/');
  const resourceAttributes = { ...rest, resource, ...(subresource === undefined ? {} : { subresource }) };
  const body = {
    ...{ apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview' },
    spec: { resourceAttributes },
  };
  const { value } = await reader.review('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', body);
  const { data } = review.safeParse(value);
  if (data) return data.status.allowed;
  throw new Error('the API server answered a SelfSubjectAccessReview without a status');
}
