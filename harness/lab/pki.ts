import { rename, rm, writeFile } from 'node:fs/promises';
import { makeFolder } from '../base/folders.ts';
import { issueAuthorities, type Authorities } from '../x509/authorities.ts';
import { authoritiesFile, readKept, type Kept } from '../x509/kept-authorities.ts';
import type { Lab } from './lab.ts';

export { cacertsData, issueAuthorities, type Authorities, type Authority } from '../x509/authorities.ts';

/**
 * The authorities of a lab, read from its folder, or issued and written there: files 0600 in a folder 0700. A rebuilt cluster
 * keeps them, so that the mesh keeps its trust. A topology with another trust section gets new authorities.
 */
export async function ensureAuthorities(lab: Pick<Lab, 'folder' | 'topology'>): Promise<Authorities> {
  const file = authoritiesFile(lab.folder);
  const trust = JSON.stringify(lab.topology.trust);
  const kept = await readKept(file);
  const usable = kept?.trust === trust ? kept.authorities : undefined;
  if (usable && lab.topology.clusters.every(({ name }) => usable.intermediates[name])) return usable;
  const authorities = await issueAuthorities(lab.topology, usable);
  makeFolder(lab.folder);
  const unfinished = `${file}.unfinished`;
  await rm(unfinished, { force: true });
  await writeFile(unfinished, JSON.stringify({ trust, authorities } satisfies Kept), { mode: 0o600 });
  await rename(unfinished, file);
  return authorities;
}
