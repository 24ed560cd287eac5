/** A match of packets in a rule of iptables. */
export interface Match {
  /** The incoming interface; any when absent. */
  in?: string;
  /** Any incoming interface but this one (`!` in a rule). */
  notIn?: string;
  /** The outgoing interface; any when absent. */
  out?: string;
  /** The TCP destination port. */
  to?: number;
  /** The TCP source port. */
  from?: number;
}

/** The action on packets. `reset` answers with a RST; `drop` with a share below 1 drops at random. */
export type Verdict = { kind: 'drop'; share?: number } | { kind: 'reset' };

/** The chain of a fault; iptables allows 28 characters. */
export const chainOf = (id: string): string => `meshproof-${id}`;

/** The prefix of the chains of meshproof, by which leftovers are found when the journal is lost. */
const chainPrefix = 'meshproof-';

const matchText = ({ in: incoming, notIn, out, to, from }: Match): string =>
  [
    ...(incoming === undefined ? [] : [`-i ${incoming}`]),
    ...(notIn === undefined ? [] : [`! -i ${notIn}`]),
    ...(out === undefined ? [] : [`-o ${out}`]),
    '-p tcp',
    ...(to === undefined ? [] : [`--dport ${to}`]),
    ...(from === undefined ? [] : [`--sport ${from}`]),
  ].join(' ');

function verdictText(verdict: Verdict): string {
  if (verdict.kind === 'reset') return '-j REJECT --reject-with tcp-reset';
  const chance =
    verdict.share === undefined || verdict.share >= 1
      ? ''
      : `-m statistic --mode random --probability ${verdict.share.toFixed(4)} `;
  return `${chance}-j DROP`;
}

/**
 * Input of `iptables-restore --noflush`: a chain that `hook` calls before all other rules. The kernel commits it as a
 * whole, so that a fault is never half there. A rule that only counts precedes each rule that acts.
 */
export function chainText(
  chain: string,
  hook: 'FORWARD' | 'INPUT',
  matches: readonly Match[],
  verdict: Verdict,
): string {
  const rules = matches.flatMap((match) => [
    `-A ${chain} ${matchText(match)}`,
    `-A ${chain} ${matchText(match)} ${verdictText(verdict)}`,
  ]);
  return ['*filter', `:${chain} - [0:0]`, ...rules, `-I ${hook} 1 -j ${chain}`, 'COMMIT', ''].join('\n');
}

/** A shell script that creates a chain. */
export const addChain = (text: string): string =>
  `iptables-restore -w ${waitSeconds} --noflush <<'RULES'\n${text}RULES\n`;

/** A shell script that removes a chain, complete or not. It fails if the chain still exists afterwards. */
export const removeChain = (chain: string, hook: 'FORWARD' | 'INPUT'): string =>
  [
    `while iptables -w ${waitSeconds} -D ${hook} -j ${chain} 2>/dev/null; do :; done`,
    `iptables -w ${waitSeconds} -F ${chain} 2>/dev/null || true`,
    `iptables -w ${waitSeconds} -X ${chain} 2>/dev/null || true`,
    `! iptables -w ${waitSeconds} -n -L ${chain} >/dev/null 2>&1`,
  ].join('; ');

/** The time in seconds that iptables waits for its lock. */
const waitSeconds = 5;

/** The packets that the counting rules of a chain saw, and those that its other rules matched. */
export interface Counted {
  seen: number;
  taken: number;
}

/** Reads the counters of a chain from the output of `iptables-save -c`. */
export function countsOf(saved: string, chain: string): Counted {
  const counted: Counted = { seen: 0, taken: 0 };
  for (const line of saved.split('\n')) {
    const [, packets, name, rest = ''] = /^\[(\d+):\d+\] -A (\S+) (.*)$/.exec(line) ?? [];
    if (name !== chain) continue;
    if (rest.includes('-j ')) counted.taken += Number(packets);
    else counted.seen += Number(packets);
  }
  return counted;
}

/** The chains of meshproof in the output of `iptables-save`, each with the chain that calls it. */
export function chainsIn(saved: string): { chain: string; hook: 'FORWARD' | 'INPUT' }[] {
  const declared = [...saved.matchAll(/^:(\S+) /gm)].map(([, name = '']) => name);
  return declared
    .filter((name) => name.startsWith(chainPrefix))
    .map((chain) => ({ chain, hook: saved.includes(`-A INPUT -j ${chain}`) ? 'INPUT' : 'FORWARD' }));
}
