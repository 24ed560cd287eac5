import { JsonBounds, type JsonLimits } from './json-bounds.ts';

/** The most that the JSON of a snapshot may hold. */
export interface SnapshotLimits extends JsonLimits {
  /** Of the JSON. */
  bytes: number;
}

/**
 * The limits of reading, so that any file takes less than 5 s and 1 GB. A mesh of 10 clusters with 5,000 services each has 84 MB of
 * JSON with 4.6 million values; 50 such clusters, 370 MB, would take 1.8 GB.
 */
export const snapshotLimits: SnapshotLimits = {
  bytes: 128 * 1024 * 1024,
  values: 6_000_000,
  levels: 64,
  shapes: 100_000,
};

/** Checks the JSON of a snapshot against limits, piece by piece. */
export class SnapshotBounds {
  readonly #limits: SnapshotLimits;
  readonly #json: JsonBounds;
  #bytes = 0;

  constructor(limits: SnapshotLimits = snapshotLimits) {
    this.#limits = limits;
    this.#json = new JsonBounds(limits);
  }

  /** The limit that the pieces exceed so far, as the rest of a sentence; undefined if they exceed none. */
  exceeded(piece: Uint8Array): string | undefined {
    this.#bytes += piece.length;
    return this.#bytes > this.#limits.bytes
      ? `has more than the ${this.#limits.bytes} bytes of JSON that are read`
      : this.#json.exceeded(piece);
  }
}
