/** The most that a JSON text may hold. */
export interface JsonLimits {
  /** Scalars, lists and objects. */
  values: number;
  /** Lists and objects in each other. */
  levels: number;
  /** Different names of fields, and different sets of them: V8 keeps some 800 bytes for each. */
  shapes: number;
}

const [quote, backslash, colon, comma] = [0x22, 0x5c, 0x3a, 0x2c];
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/** FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/ */
const [basis, prime] = [0x811c9dc5, 0x01000193];

/**
 * Scans a JSON text in pieces, before `JSON.parse` takes memory for it. It does not check the syntax. Different names with
 * one hash count once, so it may see fewer shapes than there are.
 */
export class JsonBounds {
  readonly #limits: JsonLimits;
  readonly #shapes = new Set<number>();
  /** The hash of the names of each object around, outermost first. */
  readonly #around: number[] = [];
  #values = 0;
  #hash = basis;
  #inString = false;
  #escaped = false;

  constructor(limits: JsonLimits) {
    this.#limits = limits;
  }

  /** The limit that the text exceeds so far, as the rest of a sentence; undefined if it exceeds none. */
  exceeded(piece: Uint8Array): string | undefined {
    const { values, levels, shapes } = this.#limits;
    for (let at = 0; at < piece.length; at++) {
      if (this.#inString) at = this.#endOfString(piece, at);
      else this.#outside(piece[at]!);
      if (this.#around.length > levels) return `nests more than ${levels} levels`;
    }
    if (this.#values > values) return `has more than ${values} values`;
    return this.#shapes.size > shapes ? `has more than ${shapes} different names of fields` : undefined;
  }

  /** Reads a string; returns the index of its end, or the length of the piece. */
  #endOfString(piece: Uint8Array, from: number): number {
    let [at, hash, escaped] = [from, this.#hash, this.#escaped];
    for (; at < piece.length; at++) {
      const byte = piece[at]!;
      if (escaped) escaped = false;
      else if (byte === backslash) escaped = true;
      else if (byte === quote) {
        this.#inString = false;
        break;
      }
      hash = Math.imul(hash ^ byte, prime);
    }
    [this.#hash, this.#escaped] = [hash, escaped];
    return at;
  }

  #outside(byte: number): void {
    const around = this.#around;
    switch (byte) {
      case quote:
        this.#inString = true;
        this.#hash = basis;
        break;
      case comma:
        this.#values++;
        break;
      case colon: {
        this.#shapes.add(this.#hash);
        const last = around.length - 1;
        around[last] = Math.imul((around[last] ?? 0) ^ this.#hash, prime);
        break;
      }
      case openList:
      case openObject:
        this.#values++;
        around.push(basis);
        break;
      case closeList:
      case closeObject:
        this.#shapes.add(around.pop() ?? 0);
    }
  }
}
