import fc from 'fast-check';

const codePoint = (max: number) => fc.integer({ min: 0, max });

/**
 * For tests: any character of Unicode, and halves of surrogate pairs. Control characters and others of Latin-1 are frequent.
 * The unit `binary` of fast-check lists all characters first, which takes more than 1 s of processor time in each process.
 */
export const anyCharacter: fc.Arbitrary<string> = fc
  .oneof(codePoint(0xff), codePoint(0xffff), codePoint(0x10ffff))
  .map((point) => String.fromCodePoint(point));
