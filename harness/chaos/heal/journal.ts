import { randomInt } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { inside, makeFolder } from '../../base/folders.ts';
import type { MeshFile } from '../../config/mesh-file.ts';
import { stateFolder } from '../../config/state.ts';

const entrySchema = z.strictObject({
  version: z.literal(1),
  id: z.string().regex(/^[a-z0-9]{8}$/),
  fault: z.string(),
  /** `begun`: a process may be at work on it, or have ended amid it. `injected`: all of the fault was done. */
  phase: z.enum(['begun', 'injected']),
  parameters: z.record(z.string(), z.unknown()),
  undo: z.unknown(),
  /** The clusters that it was made on, each by what tells it from others of its name; none in the journal of a lab. */
  clusters: z.record(z.string(), z.string()).default({}),
  pid: z.int(),
  startedAt: z.iso.datetime(),
});

/**
 * One fault in the journal: all that another process needs to undo it. It holds no secret; what is secret is kept in the
 * cluster that it came from, and the entry names it.
 */
export type JournalEntry = z.infer<typeof entrySchema>;

/** What a journal holds: its entries, the oldest first, and names of files that are none. */
export interface JournalContent {
  entries: JournalEntry[];
  unreadable: string[];
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** A new id of an entry: short enough to be part of the name of an iptables chain. */
export const newEntryId = (): string =>
  Array.from({ length: 8 }, () => alphabet[randomInt(alphabet.length)]).join('');

/**
 * What is broken in a mesh, on disk, so that it is known after a crash: a file for each fault, complete and durable before
 * anything is changed. Files are 0600 in a folder 0700.
 */
export class Journal {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Writes an entry; it is on the disk when this resolves. */
  async write(entry: JournalEntry): Promise<void> {
    makeFolder(this.folder);
    const file = this.fileOf(entry);
    const unfinished = `${file}.unfinished`;
    await rm(unfinished, { force: true });
    const handle = await open(unfinished, 'wx', 0o600); // never through a symbolic link
    try {
      await handle.writeFile(JSON.stringify(entry, undefined, 2));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(unfinished, file);
    await this.#syncFolder();
  }

  /** Takes an entry out. Does nothing when it is not there. */
  async remove(entry: JournalEntry): Promise<void> {
    await rm(this.fileOf(entry), { force: true });
    await this.#syncFolder();
  }

  /** Reads it; empty where there is none. A file whose writing was cut off stands for nothing that was begun. */
  async read(): Promise<JournalContent> {
    const content: JournalContent = { entries: [], unreadable: [] };
    for (const name of (await this.#names()).filter((one) => one.endsWith('.json')).sort()) {
      const text = await readIfThere(join(this.folder, name));
      if (text === undefined) continue; // removed meanwhile: another process healed it
      const entry = text === null ? undefined : parseEntry(text);
      if (entry && this.fileOf(entry) === join(this.folder, name)) content.entries.push(entry);
      else content.unreadable.push(name);
    }
    return content;
  }

  /** Sets a file that is not an entry aside, for a person to look at: it is not read again. Returns its new path. */
  async setAside(name: string): Promise<string> {
    const aside = join(this.folder, `${name}.unreadable`);
    await rename(join(this.folder, name), aside);
    return aside;
  }

  /** Where an entry is. */
  fileOf({ startedAt, id }: JournalEntry): string {
    return join(this.folder, `${startedAt.replaceAll(':', '-')}-${id}.json`); // sorts by time
  }

  async #names(): Promise<string[]> {
    return (await unlessAbsent(readdir(this.folder))) ?? [];
  }

  /** A new name is durable only when its folder is. */
  async #syncFolder(): Promise<void> {
    const handle = await open(this.folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

/** Far above what any fault takes: its objects are each below 1.5 MB, the limit of etcd. */
const mostBytes = 64 * 1024 * 1024;

/** The text of a file; undefined when it is not there, null when it is not a file of a size that an entry can have. */
async function readIfThere(file: string): Promise<string | null | undefined> {
  // Not through a symbolic link, and without waiting for whoever writes to a pipe.
  const handle = await unlessAbsent(
    open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((error: unknown) => {
      if (['ELOOP', 'ENXIO'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
      throw error;
    }),
  );
  if (!handle) return handle;
  try {
    const stats = await handle.stat();
    return stats.isFile() && stats.size <= mostBytes ? await handle.readFile('utf8') : null;
  } finally {
    await handle.close();
  }
}

/** What was read; undefined where there is no such file or folder. */
async function unlessAbsent<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The journal of a mesh, in its folder. */
export const journalOf = (file: Pick<MeshFile, 'lab' | 'meshId'>): Journal =>
  new Journal(inside(stateFolder(file), 'journal'));

/** An entry from its text; undefined when it is none, such as a truncated one. */
export function parseEntry(text: string): JournalEntry | undefined {
  try {
    return entrySchema.parse(JSON.parse(text));
  } catch {
    return undefined; // told by the caller, by the name of the file
  }
}
