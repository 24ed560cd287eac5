const blockBytes = 512;

/** A tar archive (ustar) of one text under any name, also a name that the product does not write. */
export function tarOf(name: string, text: string): Buffer {
  const content = Buffer.from(text);
  const header = Buffer.alloc(blockBytes);
  header.write(name, 0, 100);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('0', 156);
  header.write('ustar\0' + '00', 257);
  const end = Buffer.alloc(blockBytes * 2 + ((blockBytes - (content.length % blockBytes)) % blockBytes));
  return Buffer.concat([header, content, end]);
}
