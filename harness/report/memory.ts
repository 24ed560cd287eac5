import { readdir, readFile } from 'node:fs/promises';

/** Resident memory moves slowly next to this, and a sample costs a few milliseconds. */
const samplingMs = 1_000;

/** Samples the resident memory of this process and all below it: workers, and what they started. */
export class MemorySampler {
  #peakBytes: number | null = null;
  #timer: NodeJS.Timeout | undefined;
  readonly #sample: () => Promise<number | null>;

  constructor(sample: () => Promise<number | null> = () => residentBytes(process.pid)) {
    this.#sample = sample;
  }

  start(): void {
    this.#timer = setInterval(() => void this.take(), samplingMs);
    this.#timer.unref();
  }

  /** Takes one sample now. */
  async take(): Promise<void> {
    const bytes = await this.#sample();
    if (bytes !== null) this.#peakBytes = Math.max(this.#peakBytes ?? 0, bytes);
  }

  /** The peak in bytes so far, or null where the system has no /proc. */
  get peakBytes(): number | null {
    return this.#peakBytes;
  }
}

/** Resident bytes of a process and its descendants, pages that they share counted in each; null without /proc. */
export async function residentBytes(root: number, proc = '/proc'): Promise<number | null> {
  const names = await readdir(proc).catch(() => []);
  const found = await Promise.all(
    names.filter((name) => /^\d+$/.test(name)).map((pid) => processAt(proc, pid)),
  );
  const processes = found.filter((one) => one !== undefined);
  const tree = new Set([root]);
  // Parents are listed before their children, unless process ids wrapped around: go on while the tree grows.
  for (let before = 0; before !== tree.size;) {
    before = tree.size;
    for (const { pid, parent } of processes) if (tree.has(parent)) tree.add(pid);
  }
  const inTree = processes.filter((one) => tree.has(one.pid));
  return inTree.length === 0 ? null : inTree.reduce((sum, one) => sum + one.bytes, 0);
}

async function processAt(proc: string, pid: string) {
  // Gone since the folder was read: no process.
  const status = await readFile(`${proc}/${pid}/status`, 'utf8').catch(() => undefined);
  if (status === undefined) return undefined;
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  return { pid: Number(pid), parent: field('PPid'), bytes: field('VmRSS') * 1024 };
}
