import { existsSync } from 'node:fs';

/** Takes away what a killed run left in the mesh of a mesh file; returns a line for each, throws when it cannot take away all. */
export type HealMesh = (meshFile: string) => Promise<string[]>;

/**
 * What a killed run left in a lab that `up` brings back. It is healed before anything is repaired: a frozen cluster would be
 * taken for one that is stopped, and rebuilt, and a fault of the link would outlive every repair. What cannot be healed then,
 * for want of a cluster that has to be rebuilt, is healed when all is repaired.
 */
export class LeftBehind {
  readonly #meshFile: string;
  readonly #heal: HealMesh;
  #again = false;

  constructor(meshFile: string, heal: HealMesh) {
    this.#meshFile = meshFile;
    this.#heal = heal;
  }

  /** Before the repair; says what was done. A failure is not one of `up` yet. */
  async healBefore(): Promise<string> {
    if (!existsSync(this.#meshFile)) return 'nothing, no run was made';
    try {
      return healed(await this.#heal(this.#meshFile)) ?? 'nothing';
    } catch (error) {
      this.#again = true;
      return `to be tried again after the repair. ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  /** After the repair, where it could not all be healed before; says what was done. Throws when it cannot be healed now either. */
  async healAfter(): Promise<string | undefined> {
    if (!this.#again) return undefined;
    return healed(await this.#heal(this.#meshFile)) ?? 'nothing was left to heal';
  }
}

const healed = (what: string[]): string | undefined =>
  what.length > 0 ? `healed ${what.join('; ')}` : undefined;
