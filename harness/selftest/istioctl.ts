import { execFile } from 'node:child_process';
import { timeouts } from '../base/timeouts.ts';
import type { MeshFile, MeshFileCluster } from '../config/mesh-file.ts';
import { linesOf, unusual, usualOf, type Usual } from './istioctl-words.ts';
import { MergedKubeconfig } from './merged-kubeconfig.ts';
import type { Healthy, IstioctlWord } from './report/schema.ts';

/**
 * What istioctl is asked in each cluster. `analyze` gets the contexts of all other clusters, which is more than it has by itself: without them
 * it reads those clusters with the accounts of istiod's remote secrets, and waits for ever for what such an account may not list.
 */
const commands = [
  { argv: ['analyze', '-A'], takesRemotes: true },
  { argv: ['remote-clusters'], takesRemotes: false },
  { argv: ['proxy-status'], takesRemotes: false },
] as const;

/** Looks at the healthy mesh: what differs between them is no sign of a defect. */
const rounds = 5;

/** What one command printed, or that it gave no answer in time. */
interface Answer {
  command: string;
  cluster: string;
  lines: string[];
  seconds: number;
}

/** Asks istioctl about a mesh, and tells what is not usual. Dispose it when done. */
export class Istioctl implements Disposable {
  readonly #kubeconfig: MergedKubeconfig;
  readonly #binary: string;
  readonly #clusters: readonly MeshFileCluster[];
  readonly #limitMs: number;
  readonly #usual = new Map<string, Usual>();

  /**
   * @param binary the path of istioctl.
   * @param limitMs the most that one command may take.
   * @throws Error when a kubeconfig or context is not there.
   */
  constructor(
    binary: string,
    { clusters }: Pick<MeshFile, 'clusters'>,
    limitMs: number = timeouts.istioctlMs,
  ) {
    this.#binary = binary;
    this.#clusters = clusters;
    this.#limitMs = limitMs;
    this.#kubeconfig = new MergedKubeconfig(clusters);
  }

  [Symbol.dispose](): void {
    this.#kubeconfig[Symbol.dispose]();
  }

  /** Looks at the healthy mesh several times and remembers it. */
  async learn(signal: AbortSignal): Promise<NonNullable<Healthy['istioctl']>> {
    const looks: Answer[][] = [];
    for (let round = 0; round < rounds; round++) looks.push(await this.#askAll(signal));
    return (looks[0] ?? []).map(({ command, cluster }) => {
      const ofIt = looks.flat().filter((one) => one.command === command && one.cluster === cluster);
      const usual = usualOf(ofIt.map(({ lines }) => lines));
      this.#usual.set(keyOf({ command, cluster }), usual);
      return { command, cluster, rounds, lines: [...usual.any] };
    });
  }

  /** What it says now that it does not say of the healthy mesh; {@link learn} comes first. */
  async ask(signal: AbortSignal): Promise<IstioctlWord[]> {
    const answers = await this.#askAll(signal);
    return answers.map(({ command, cluster, lines, seconds }) => {
      const usual = this.#usual.get(keyOf({ command, cluster })) ?? { any: [], each: [] };
      return { command, cluster, ...unusual(usual, lines), seconds };
    });
  }

  /** All commands on all clusters side by side: each only reads. */
  async #askAll(signal: AbortSignal): Promise<Answer[]> {
    const asked = this.#clusters.flatMap((cluster) =>
      commands.map((command) => this.#ask(cluster, command, signal)),
    );
    const answers = await Promise.all(asked);
    signal.throwIfAborted();
    return answers;
  }

  async #ask(
    { name }: MeshFileCluster,
    { argv, takesRemotes }: (typeof commands)[number],
    signal: AbortSignal,
  ): Promise<Answer> {
    const others = this.#clusters.filter((other) => takesRemotes && other.name !== name);
    const remotes = others.flatMap((other) => ['--remote-contexts', other.name]);
    const beganMs = performance.now();
    const lines = await linesSaid(this.#binary, [...argv, '--context', name, ...remotes], {
      env: { ...process.env, KUBECONFIG: this.#kubeconfig.file },
      timeout: this.#limitMs,
      signal,
    });
    const command = [...argv, ...(remotes.length > 0 ? ['--remote-contexts …'] : [])].join(' ');
    return { command, cluster: name, lines, seconds: (performance.now() - beganMs) / 1000 };
  }
}

const keyOf = ({ command, cluster }: { command: string; cluster: string }): string =>
  `${cluster}: ${command}`;

/** What a command printed, on both streams, whatever it ended with; of one that hangs, that and what it had printed by then. */
function linesSaid(
  binary: string,
  argv: readonly string[],
  options: { env: NodeJS.ProcessEnv; timeout: number; signal: AbortSignal },
): Promise<string[]> {
  const { timeout, signal } = options;
  return new Promise((resolve, reject) => {
    execFile(
      binary,
      [...argv],
      { ...options, killSignal: 'SIGKILL', maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => {
        const lines = linesOf(`${stdout}\n${stderr}`);
        if (error?.killed) resolve([...lines, `no answer in ${timeout / 1000} s`]);
        else if (error && typeof error.code !== 'number' && !signal.aborted) reject(cannotAsk(binary, error));
        else resolve(lines);
      },
    );
  });
}

const cannotAsk = (binary: string, cause: Error): Error =>
  new Error(`${binary} could not be run; --no-istioctl does without it.`, { cause });
