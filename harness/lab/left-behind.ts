import { existsSync } from 'node:fs';

/** Heals the leftovers of a killed run in the mesh of a mesh file. Returns a line for each; throws if one is not healed. */
export type HealMesh = (meshFile: string) => Promise<string[]>;

/**
 * The leftovers of a killed run in a lab that `up` repairs. They are healed first: `up` would rebuild a frozen cluster as a stopped
 * one, and a fault of the link would outlive every repair. If a cluster has to be rebuilt first, its leftovers are healed after the repair.
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
