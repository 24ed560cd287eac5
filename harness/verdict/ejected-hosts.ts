import { cannotJudge } from './judgement.ts';
import type { Judgement } from './verdict.ts';
import { count } from './wording.ts';

/** The hosts that proxies ejected while some pods were unhealthy. */
export interface EjectedHosts {
  /** By proxy: addresses of the hosts that it has ejected. */
  ejected: Readonly<Record<string, readonly string[]>>;
  /** Addresses of the pods; some of them are unhealthy. */
  pods: readonly string[];
  /** How many of `pods` are unhealthy. */
  unhealthy: number;
}

/**
 * Turns each `fail` into `error` if a proxy ejected a healthy host. On a busy machine healthy hosts time out and are ejected,
 * too. The cost of that does not break a promise about unhealthy pods. A `pass` stays a `pass`.
 */
export function ifOnlyUnhealthyEjected(
  judgements: Readonly<Record<string, Judgement>>,
  seen: EjectedHosts,
): Record<string, Judgement> {
  const reason = healthyEjected(seen);
  if (reason === undefined) return { ...judgements };
  const withheld = ([scope, judgement]: [string, Judgement]): [string, Judgement] => [
    scope,
    judgement.verdict === 'fail'
      ? cannotJudge(
          `${reason}, so the unhealthy pods may not be the cause: ${judgement.reason}`,
          judgement.measurements,
        )
      : judgement,
  ];
  return Object.fromEntries(Object.entries(judgements).map(withheld));
}

function healthyEjected({ ejected, pods, unhealthy }: EjectedHosts): string | undefined {
  for (const [proxy, hosts] of Object.entries(ejected)) {
    const others = hosts.filter((host) => !pods.includes(host));
    if (others.length > 0) return `${proxy} has ejected ${others.join(', ')}, which was healthy`;
    if (hosts.length > unhealthy)
      return `${proxy} has ejected ${hosts.join(', ')}, but only ${count(unhealthy, 'pod')} of them ${unhealthy === 1 ? 'was' : 'were'} unhealthy`;
  }
  return undefined;
}
