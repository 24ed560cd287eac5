import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { extract, pack } from 'tar-stream';
import { pathOf } from '../base/folders.ts';

/**
 * The content of a tar archive's member, in any folder; nothing if the first `most` members have other names.
 *
 * @throws Error if the archive is cut off or damaged before that, and each error of `archive`.
 */
export async function* memberOf(
  archive: AsyncIterable<Buffer>,
  name: string,
  most: number,
): AsyncGenerator<Buffer> {
  const members = extract();
  pipeline(Readable.from(archive), members, () => undefined); // its error ends the loop
  let count = 0;
  for await (const member of members) {
    const own = member.header.name;
    if (own === name || own.endsWith(`/${name}`)) {
      yield* member as AsyncIterable<Buffer>;
      return;
    }
    if (++count >= most) return;
    member.resume();
  }
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
