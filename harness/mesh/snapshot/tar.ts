import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { pathOf } from '../../folders.ts';

const blockBytes = 512;

/**
 * One member of a tar archive (ustar: a header of 512 bytes, name at 0, size in octal at 124, then the content in blocks);
 * undefined where it is not in it or the archive ends before its content does.
 */
export function memberOf(archive: Buffer, name: string): Buffer | undefined {
  for (let at = 0; at + blockBytes <= archive.length;) {
    const header = archive.subarray(at, at + blockBytes);
    const size = Number.parseInt(text(header.subarray(124, 136)).trim() || '0', 8);
    if (!Number.isSafeInteger(size) || size < 0) return undefined;
    const start = at + blockBytes;
    const base = text(header.subarray(0, 100));
    if (base === name || base.endsWith(`/${name}`))
      return start + size <= archive.length ? archive.subarray(start, start + size) : undefined;
    at = start + Math.ceil(size / blockBytes) * blockBytes;
  }
  return undefined;
}

function text(field: Buffer): string {
  const end = field.indexOf(0);
  return field.subarray(0, end === -1 ? field.length : end).toString('latin1');
}

/** A gzipped tar archive of texts, in the order given, all below one folder. @throws UnusablePath for a name that would leave it. */
export async function archiveOf(
  folder: string,
  files: readonly { name: string; content: string }[],
  mtime: Date,
): Promise<Buffer> {
  const archive = pack();
  for (const { name, content } of files) archive.entry({ name: pathOf(folder, name), mtime }, content);
  archive.finalize();
  const pieces: Buffer[] = [];
  for await (const piece of archive.pipe(createGzip())) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
