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
  /** `begun`: a process injects the fault, or was killed meanwhile. `injected`: the injection is complete. */
  phase: z.enum(['begun', 'injected']),
  parameters: z.record(z.string(), z.unknown()),
  undo: z.unknown(),
  /** The identity of each cluster of the fault, by name; empty in the journal of a lab. */
  clusters: z.record(z.string(), z.string()).default({}),
  pid: z.int(),
  startedAt: z.iso.datetime(),
});

/**
 * A fault in the journal, with all data that another process needs to undo it. It does not hold a secret: secrets
 * stay in their cluster, and the entry names them.
 */
export type JournalEntry = z.infer<typeof entrySchema>;

/** The content of a journal: its entries, the oldest first, and the names of other files. */
export interface JournalContent {
  entries: JournalEntry[];
  unreadable: string[];
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** A new id of an entry: short enough to be part of the name of an iptables chain. */
export const newEntryId = (): string =>
  Array.from({ length: 8 }, () => alphabet[randomInt(alphabet.length)]).join('');

/**
 * The faults of a mesh on disk, so that they are known after a crash: a file for each fault, complete and durable
 * before anything is changed. Files have mode 0600 in a folder with 0700.
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

  /** Removes an entry. Does nothing if it does not exist. */
  async remove(entry: JournalEntry): Promise<void> {
    await rm(this.fileOf(entry), { force: true });
    await this.#syncFolder();
  }

  /** Reads the journal. A file that was not written completely stands for a fault that was not begun. */
  async read(): Promise<JournalContent> {
    const content: JournalContent = { entries: [], unreadable: [] };
    for (const name of (await this.#names()).filter((one) => one.endsWith('.json')).sort()) {
      const text = await readIfThere(join(this.folder, name));
      if (text === undefined) continue; // another process healed it meanwhile
      const entry = text === null ? undefined : parseEntry(text);
      if (entry && this.fileOf(entry) === join(this.folder, name)) content.entries.push(entry);
      else content.unreadable.push(name);
    }
    return content;
  }

  /** Sets a file that is not an entry aside, for a person to examine: it is not read again. Returns its new path. */
  async setAside(name: string): Promise<string> {
    const aside = join(this.folder, `${name}.unreadable`);
    await rename(join(this.folder, name), aside);
    return aside;
  }

  /** The file of an entry. */
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

/** Far above the size of an entry: each object is below 1.5 MB, the limit of etcd. */
const mostBytes = 64 * 1024 * 1024;

/** The text of a file; undefined if it does not exist, null if it is not a file with the size of an entry. */
async function readIfThere(file: string): Promise<string | null | undefined> {
  // Does not follow a symbolic link, and does not wait for the writer of a pipe.
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

/** The result; undefined if the file or folder does not exist. */
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

/** Parses an entry; undefined if the text is not an entry, such as a truncated one. */
export function parseEntry(text: string): JournalEntry | undefined {
  try {
    return entrySchema.parse(JSON.parse(text));
  } catch {
    return undefined; // the caller reports the name of the file
  }
}
