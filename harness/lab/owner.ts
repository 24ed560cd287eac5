import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { inside } from '../base/folders.ts';
import { ForeignLab } from '../mesh/foreign.ts';
import { labDocker, labLabel, type LabRef } from './lab.ts';

/** On networks and the link: who made the lab, and for people, where its state is kept. */
const ownerLabel = 'meshproof.dev/owner';
const folderLabel = 'meshproof.dev/state';

export { ForeignLab };

/**
 * Names are chosen by people, and one engine may serve several checkouts or jobs. So a lab is known by an id, too, that is kept
 * with its state: who has the state is the owner.
 */
const idFile = (folder: string): string => inside(folder, 'owner');

async function readOwner(folder: string): Promise<string | undefined> {
  try {
    return (await readFile(idFile(folder), 'utf8')) || undefined; // empty: its writing was cut off, before any use
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The id of the owner of a lab that is made from a folder, which must be there; made at first. */
export async function ensureOwner(folder: string): Promise<string> {
  const known = await readOwner(folder);
  if (known !== undefined) return known;
  const made = randomBytes(8).toString('hex');
  await writeFile(idFile(folder), made, { mode: 0o600 });
  return made;
}

/** The labels of what is made for a lab on the engine. */
export const labelsOf = (lab: LabRef & { owner: string }): Record<string, string> => ({
  [labLabel]: lab.name,
  [ownerLabel]: lab.owner,
  [folderLabel]: lab.folder,
});

/**
 * Sees to it that what stands of a lab was made from this folder. One without a label of its owner, of an earlier version, is
 * anybody's.
 *
 * @throws ForeignLab that names where it was made, and the ways out.
 */
export async function refuseForeign(lab: LabRef): Promise<void> {
  const format = `{{.ID}}\t{{.Label "${ownerLabel}"}}\t{{.Label "${folderLabel}"}}`;
  const args = ['ls', '--filter', `label=${labLabel}=${lab.name}`, '--format', format];
  const printed = await Promise.all([
    labDocker(lab, ['network', ...args]),
    labDocker(lab, ['container', ...args, '-a']),
  ]);
  const rows = printed.flatMap((text) => text.split('\n')).map((line) => line.split('\t'));
  const own = await readOwner(lab.folder);
  const other = rows.find(([, owner = '']) => owner !== '' && owner !== own);
  if (!other) return;
  const [, , folder = ''] = other;
  const made =
    folder === lab.folder
      ? `was made from ${folder}, and what was kept there is lost, or of another machine`
      : `was made from another checkout, which keeps its state in ${folder}`;
  throw new ForeignLab(
    `Lab "${lab.name}" on the Docker engine at ${lab.engine.endpoint} ${made}. ` +
      `Choose another --name, or remove it from there; where that cannot be, \`meshproof down --name ${lab.name} --force\` removes it.`,
  );
}
