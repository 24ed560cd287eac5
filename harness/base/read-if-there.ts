import { readFileSync } from 'node:fs';

/** The text of a small file, such as one of /proc, that may be gone, or that a system may not have: undefined then. */
export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
