/** One kind of packets, as iptables tells them apart. */
export interface Match {
  /** Interface that they come in by; any when absent. */
  in?: string;
  /** Written with a `!`: any interface but this. */
  notIn?: string;
  /** Interface that they go out by; any when absent. */
  out?: string;
  /** TCP port that they are sent to. */
  to?: number;
  /** TCP port that they are sent from. */
  from?: number;
}

/** What is done to packets. `reset` answers them with a RST; `drop` with a share below 1 does it by chance. */
export type Verdict = { kind: 'drop'; share?: number } | { kind: 'reset' };

/** The chain of a fault; iptables allows 28 characters. */
export const chainOf = (id: string): string => `meshproof-${id}`;

/** What every chain of ours begins with, to find what is left of faults whose journal is lost. */
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
 * Input of `iptables-restore --noflush`: a chain of its own, called before everything else in `hook`. It is committed as a
 * whole, so that a fault is there or not there. Before the rule that acts stands one that only counts.
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

/** A shell script that makes a chain. */
export const addChain = (text: string): string =>
  `iptables-restore -w ${waitSeconds} --noflush <<'RULES'\n${text}RULES\n`;

/** A shell script that removes a chain, also one that is half there or not there; fails when it is there afterwards. */
export const removeChain = (chain: string, hook: 'FORWARD' | 'INPUT'): string =>
  [
    `while iptables -w ${waitSeconds} -D ${hook} -j ${chain} 2>/dev/null; do :; done`,
    `iptables -w ${waitSeconds} -F ${chain} 2>/dev/null || true`,
    `iptables -w ${waitSeconds} -X ${chain} 2>/dev/null || true`,
    `! iptables -w ${waitSeconds} -n -L ${chain} >/dev/null 2>&1`,
  ].join('; ');

/** How long iptables waits for another one to let go of its lock. */
const waitSeconds = 5;

/** Packets that passed a chain's counting rules, and those that its other rules took. */
export interface Counted {
  seen: number;
  taken: number;
}

/** Reads the counters of a chain out of what `iptables-save -c` prints. */
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

/** The chains of ours in what `iptables-save` prints, with the chain that each is called from. */
export function chainsIn(saved: string): { chain: string; hook: 'FORWARD' | 'INPUT' }[] {
  const declared = [...saved.matchAll(/^:(\S+) /gm)].map(([, name = '']) => name);
  return declared
    .filter((name) => name.startsWith(chainPrefix))
    .map((chain) => ({ chain, hook: saved.includes(`-A INPUT -j ${chain}`) ? 'INPUT' : 'FORWARD' }));
}
