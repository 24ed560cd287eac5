import { cannotJudge } from './judgement.ts';
import type { Judgement } from './verdict.ts';
import { count } from './wording.ts';

/** Who was ejected while some pods were sick. */
export interface Ejected {
  /** By proxy: addresses of the hosts that it has ejected. */
  ejected: Readonly<Record<string, readonly string[]>>;
  /** Addresses of the pods that any of which may be sick. */
  pods: readonly string[];
  /** How many of them are. */
  sick: number;
}

/**
 * What sick pods cost is theirs only where no one else was ejected: on a machine so busy that healthy hosts time out, proxies eject them
 * too, and what that costs breaks no promise about the sick ones. Failures cannot be judged then; what was kept, was kept.
 */
export function ifOnlySickEjected(
  judgements: Readonly<Record<string, Judgement>>,
  seen: Ejected,
): Record<string, Judgement> {
  const reason = healthyEjected(seen);
  if (reason === undefined) return { ...judgements };
  const withheld = ([scope, judgement]: [string, Judgement]): [string, Judgement] => [
    scope,
    judgement.verdict === 'fail'
      ? cannotJudge(
          `${reason}, so it is not known whose doing this was: ${judgement.reason}`,
          judgement.measurements,
        )
      : judgement,
  ];
  return Object.fromEntries(Object.entries(judgements).map(withheld));
}

function healthyEjected({ ejected, pods, sick }: Ejected): string | undefined {
  for (const [proxy, hosts] of Object.entries(ejected)) {
    const others = hosts.filter((host) => !pods.includes(host));
    if (others.length > 0) return `${proxy} has ejected ${others.join(', ')}, which was not sick`;
    if (hosts.length > sick)
      return `${proxy} has ejected ${hosts.join(', ')}, where ${count(sick, 'pod')} of them ${sick === 1 ? 'was' : 'were'} sick`;
  }
  return undefined;
}
