import { createReadStream } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { InvalidFile, pathText, quoted } from '../config/invalid-file.ts';
import { checkFile, textOf } from '../config/parse-file.ts';
import { problemsOf } from '../config/schema-problems.ts';
import type { LogFile } from './logs.ts';
import { parsePieces } from './parse-pieces.ts';
import { type Snapshot, snapshotSchema, snapshotVersion } from './schema.ts';
import { SnapshotBounds } from './snapshot-limits.ts';
import { archiveOf, memberOf } from './tar.ts';

/** The limits of an archive. `meshproof gather` writes the snapshot before the logs, which are not unpacked. */
const archiveLimits = {
  /** Unpacked, up to the end of the snapshot. */
  bytes: 256 * 1024 * 1024,
  members: 10_000,
};

/** The name of the snapshot in an archive of `meshproof gather`. */
const snapshotMember = 'snapshot.json';

const advice = 'give a snapshot that `meshproof gather` wrote';

/**
 * Reads a snapshot: JSON, the same gzipped, or an archive of `meshproof gather`, distinguished by their first bytes.
 *
 * @throws InvalidFile for any other file: missing, cut off, corrupt, too large, of another version or kind.
 */
export async function readSnapshot(file: string): Promise<Snapshot> {
  checkFile(file, advice);
  return parse(createReadStream(file, { highWaterMark: 1024 * 1024 }), file);
}

/** The same for bytes; `file` is their name in messages. */
export function parseSnapshot(bytes: Buffer, file: string): Promise<Snapshot> {
  return parse(Readable.from([bytes]), file);
}

/** The reason that a file is not read. */
class Refused extends Error {}

async function parse(bytes: AsyncIterable<Buffer>, file: string): Promise<Snapshot> {
  try {
    return snapshotOf(textOf(await jsonOf(bytes), file, advice), file);
  } catch (cause) {
    if (!(cause instanceof Refused)) throw cause;
    throw new InvalidFile(file, [{ path: '', message: `${cause.message}; ${advice}` }], { cause });
  }
}

function snapshotOf(json: string, file: string): Snapshot {
  if (!/\S/.test(json)) throw new Refused('is empty');
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    const said = (cause as Error).message.slice(0, 120);
    throw new Refused(`is not complete JSON (${said}): cut off or damaged`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Refused('holds no fields');
  const { apiVersion, kind } = value as { apiVersion?: unknown; kind?: unknown };
  if (kind !== 'Snapshot') throw new Refused(`is of the kind ${quoted(kind)}, not "Snapshot"`);
  if (apiVersion !== snapshotVersion)
    throw new Refused(
      `has the version ${quoted(apiVersion)}, and this meshproof reads ${snapshotVersion}: take it again, or judge it with the meshproof that took it`,
    );
  const parsed = parsePieces(snapshotSchema, value);
  if ('data' in parsed) return parsed.data;
  const { problems, count } = problemsOf(parsed.error, snapshotSchema);
  const placed = problems.map(({ path, message }) => ({
    path: pathText(path),
    message: typeof message === 'string' ? message : message(),
  }));
  throw new InvalidFile(file, placed, { count: parsed.complete ? count : Infinity });
}

/** The bytes of the JSON: unpacked, from the archive, and within the limits. */
async function jsonOf(bytes: AsyncIterable<Buffer>): Promise<Buffer> {
  const file = await peek(bytes, 2);
  const isGzip = file.head[0] === 0x1f && file.head[1] === 0x8b;
  const plain = await peek(isGzip ? unzipped(file.all) : file.all, 512);
  if (plain.head.subarray(257, 262).toString('latin1') !== 'ustar') return withinLimits(plain.all);
  const missing = `is an archive without ${snapshotMember}, or cut off`;
  try {
    const json = await withinLimits(memberOf(plain.all, snapshotMember, archiveLimits.members));
    if (json.length > 0) return json;
  } catch (cause) {
    if (cause instanceof Refused) throw cause;
    throw new Refused(missing, { cause });
  }
  throw new Refused(missing);
}

async function* unzipped(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  pipeline(Readable.from(packed), gunzip, () => undefined); // the error of gunzip ends the loop
  let length = 0;
  try {
    for await (const piece of gunzip as AsyncIterable<Buffer>) {
      if ((length += piece.length) > archiveLimits.bytes)
        throw new Refused(`unpacks to more than the ${archiveLimits.bytes} bytes that are read`);
      yield piece;
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (!code?.startsWith('Z_')) throw cause;
    throw new Refused(`cannot be unpacked (${code}): cut off or damaged`, { cause });
  }
}

async function withinLimits(json: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const bounds = new SnapshotBounds();
  for await (const piece of json) {
    pieces.push(piece);
    const exceeded = bounds.exceeded(piece);
    if (exceeded !== undefined) throw new Refused(exceeded);
  }
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}

/** The first `count` bytes or more of a stream, and the whole stream. */
async function peek(
  stream: AsyncIterable<Buffer>,
  count: number,
): Promise<{ head: Buffer; all: AsyncIterable<Buffer> }> {
  const pieces = stream[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  for (let next; head.length < count && !(next = await pieces.next()).done;)
    head = Buffer.concat([head, next.value]);
  const rest = { [Symbol.asyncIterator]: () => pieces };
  const all = async function* () {
    yield head;
    yield* rest;
  };
  return { head, all: all() };
}

/** The archive of `meshproof gather`: the snapshot as `snapshot.json`, and the logs. A gzipped tar. */
export function gathered(folder: string, snapshot: Snapshot, logs: readonly LogFile[]): Promise<Buffer> {
  const json = { name: snapshotMember, content: `${JSON.stringify(snapshot)}\n` };
  return archiveOf(folder, [json, ...logs], new Date(snapshot.takenAt));
}
