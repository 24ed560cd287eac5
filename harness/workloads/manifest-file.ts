import { readFileSync } from 'node:fs';

/**
 * The manifest of a suite: the file of the same name in the same folder, `.yaml` for `.spec.ts`, with `${name}` replaced by values.
 *
 * @throws Error if the file does not exist, or if a value that it needs is missing.
 */
export function readManifest(suiteFile: string, values: Readonly<Record<string, string>> = {}): string {
  const file = suiteFile.replace(/\.spec\.ts$/, '.yaml');
  return fillIn(readFileSync(file, 'utf8'), values, file);
}

/** `text` with each `${name}` replaced. Throws an error that names the missing value and where it is asked for. */
export function fillIn(text: string, values: Readonly<Record<string, string>>, where: string): string {
  return text.replaceAll(/\$\{([^}]*)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${where} asks for a value \${${name}}, which was not given.`);
    return value;
  });
}
