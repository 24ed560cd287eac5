import { readdir } from 'node:fs/promises';
import { readIfThere } from '../base/read-if-there.ts';

/** A sample reads a file of every process of the machine: once a second took a tenth of a core. */
const samplingMs = 5_000;

/** Samples the memory of this process and its descendants: workers, and the processes that they start. */
export class MemorySampler {
  #peakBytes: number | null = null;
  #timer: NodeJS.Timeout | undefined;
  readonly #sample: () => Promise<number | null>;

  constructor(sample: () => Promise<number | null> = () => memoryOf(process.pid)) {
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

  /** The peak in bytes so far, or null if the system does not have /proc. */
  get peakBytes(): number | null {
    return this.#peakBytes;
  }
}

/**
 * Bytes of private and shared memory of a process and its descendants (Linux, proc_pid_status(5), RssAnon and RssShmem). Pages
 * of files, such as code, do not count: processes share them, and the kernel can drop them. Null without /proc. `smaps_rollup`
 * is more exact, but it walks all pages for about 25 ms a process, in which that process and the mesh do not run.
 */
export async function memoryOf(root: number, proc = '/proc'): Promise<number | null> {
  const names = await readdir(proc).catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name));
  const processes = pids.map((pid) => processAt(proc, pid)).filter((one) => one !== undefined);
  const tree = new Set([root]);
  // A parent usually precedes its children, but process ids wrap around: repeat while the tree grows.
  for (let before = 0; before !== tree.size;) {
    before = tree.size;
    for (const { pid, parent } of processes) if (tree.has(parent)) tree.add(pid);
  }
  const inTree = processes.filter((one) => tree.has(one.pid));
  return inTree.length === 0 ? null : inTree.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** A process, or undefined if it has ended. A synchronous read: an asynchronous one takes 64 KiB for each of hundreds of files. */
function processAt(proc: string, pid: string) {
  const status = readIfThere(`${proc}/${pid}/status`);
  if (status === undefined) return undefined;
  const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  return { pid: Number(pid), parent, bytes: bytesOf(status, 'RssAnon') + bytesOf(status, 'RssShmem') };
}

/** The bytes in a line such as `RssAnon:   1234 kB` of a file in /proc; 0 without the line, as for a kernel thread. */
function bytesOf(text: string, name: string): number {
  const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1];
  return kilobytes === undefined ? 0 : Number(kilobytes) * 1024;
}
