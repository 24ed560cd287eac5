import { execFile } from 'node:child_process';
import { timeouts } from '../base/timeouts.ts';
import type { MeshFile, MeshFileCluster } from '../config/mesh-file.ts';
import { linesOf, unusual, usualOf, type Usual } from './istioctl-words.ts';
import { MergedKubeconfig } from './merged-kubeconfig.ts';
import type { Healthy, IstioctlWord } from './report/schema.ts';

/**
 * The commands for each cluster. `analyze` gets the contexts of all other clusters. Without them it uses the accounts of the remote
 * secrets, and waits forever for resources that such an account cannot list.
 */
const commands = [
  { argv: ['analyze', '-A'], takesRemotes: true },
  { argv: ['remote-clusters'], takesRemotes: false },
  { argv: ['proxy-status'], takesRemotes: false },
] as const;

/** The number of runs on the healthy mesh. Lines that differ between them do not show a defect. */
const rounds = 5;

/** The lines that one command printed, or a line that reports its timeout. */
interface Answer {
  command: string;
  cluster: string;
  lines: string[];
  seconds: number;
}

/** Runs istioctl on a mesh, and reports lines that the healthy mesh does not give. Dispose it when done. */
export class Istioctl implements Disposable {
  readonly #kubeconfig: MergedKubeconfig;
  readonly #binary: string;
  readonly #clusters: readonly MeshFileCluster[];
  readonly #limitMs: number;
  readonly #usual = new Map<string, Usual>();

  /**
   * @param binary the path of istioctl.
   * @param limitMs the most that one command may take.
   * @throws Error if a kubeconfig or context does not exist.
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

  /** Runs all commands on the healthy mesh several times and records their lines. */
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

  /** The difference between the lines of now and of the healthy mesh. Call {@link learn} first. */
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

/** The lines of both streams of a command, for every exit code. A command that hangs adds a line that reports the timeout. */
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
  new Error(`Running ${binary} failed. Install istioctl, or give --no-istioctl.`, { cause });
