import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { InvalidFile, quoted } from '../invalid-file.ts';
import { problemsOf } from '../schema-problems.ts';
import { snapshotSchema, snapshotVersion, type Snapshot } from './schema.ts';
import { memberOf } from './tar.ts';

/** The largest snapshot that is read, in bytes of its JSON; 50 clusters with 5,000 services each are below half of it. */
export const largestSnapshotBytes = 480 * 1024 * 1024; // V8's strings end at 512 MiB

/** The name of the snapshot in an archive of `meshproof gather`. */
export const snapshotMember = 'snapshot.json';

const advice = 'a snapshot is wanted, as `meshproof gather` writes it';

/**
 * Reads a snapshot: JSON, the same gzipped, or an archive of `meshproof gather`, told apart by their first bytes.
 *
 * @throws InvalidFile with what is wrong, for any other file: absent, cut off, corrupt, of another version or kind.
 */
export function readSnapshot(file: string): Snapshot {
  return parseSnapshot(readBytes(file), file);
}

/** The same for bytes; `file` is their name in messages. */
export function parseSnapshot(bytes: Buffer, file: string): Snapshot {
  const refuse = (message: string, cause?: unknown): never => {
    throw new InvalidFile(file, [{ path: '', message }], { cause });
  };
  const json = jsonOf(bytes, refuse);
  if (json.trim() === '') return refuse(`is empty; ${advice}`);
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    return refuse(
      `is no whole JSON (${(error as Error).message.slice(0, 120)}): cut off or damaged; ${advice}`,
      error,
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse(`holds no fields; ${advice}`);
  const { apiVersion, kind } = value as { apiVersion?: unknown; kind?: unknown };
  if (kind !== 'Snapshot') return refuse(`is of the kind ${quoted(kind)}, not "Snapshot"; ${advice}`);
  if (apiVersion !== snapshotVersion)
    return refuse(
      `has the version ${quoted(apiVersion)}, and this meshproof reads ${snapshotVersion}: take it anew, or judge it with the meshproof that took it`,
    );
  const result = snapshotSchema.safeParse(value);
  if (result.success) return result.data;
  throw new InvalidFile(
    file,
    problemsOf(result.error, value, snapshotSchema).map(({ path, message }) => ({
      path: path.join('.'),
      message,
    })),
  );
}

type Refuse = (message: string, cause?: unknown) => never;

function jsonOf(bytes: Buffer, refuse: Refuse): string {
  const plain = isGzip(bytes) ? unzipped(bytes, refuse) : bytes;
  const content = isTar(plain) ? memberOf(plain, snapshotMember) : plain;
  if (!content) return refuse(`is an archive without ${snapshotMember}, or cut off; ${advice}`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch (error) {
    return refuse(`is not UTF-8 text; ${advice}`, error);
  }
}

const isGzip = (bytes: Buffer) => bytes[0] === 0x1f && bytes[1] === 0x8b;
const isTar = (bytes: Buffer) => bytes.subarray(257, 262).toString('latin1') === 'ustar';

function unzipped(bytes: Buffer, refuse: Refuse): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: largestSnapshotBytes });
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE')
      return refuse(`unpacks to more than the ${largestSnapshotBytes} bytes that are read; ${advice}`, error);
    return refuse(`cannot be unpacked (${code}): cut off or damaged; ${advice}`, error);
  }
}

function readBytes(file: string): Buffer {
  const refuse = (message: string, cause?: unknown): never => {
    throw new InvalidFile(file, [{ path: '', message }], { cause });
  };
  let descriptor: number | undefined;
  try {
    const stats = statSync(file);
    if (stats.isDirectory()) return refuse(`is a directory; ${advice}`);
    if (!stats.isFile()) return refuse(`is no regular file; ${advice}`);
    if (stats.size > largestSnapshotBytes)
      return refuse(
        `has ${stats.size} bytes, more than the ${largestSnapshotBytes} that are read; ${advice}`,
      );
    descriptor = openSync(file, 'r');
    const bytes = Buffer.alloc(stats.size);
    return bytes.subarray(0, readSync(descriptor, bytes));
  } catch (error) {
    if (error instanceof InvalidFile) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return refuse(`no such file; ${advice}`, error);
    return refuse(`cannot be read (${code ?? message}); check its path and permissions`, error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
