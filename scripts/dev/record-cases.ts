/**
 * Renews `harness/doctor/cases/recorded/`, the meshes of the doctor's recorded cases, from snapshots:
 *
 *   node scripts/dev/record-cases.ts FOLDER [ID...]
 *
 * FOLDER has a snapshot of each case, `<id>.json` or `<id>.tar.gz`, that `meshproof gather` wrote. A case whose snapshot is absent
 * stays as it is. For a new case, break a lab as its description says, run `meshproof gather --out <id>.tar.gz`, add the case to
 * `harness/doctor/cases/`, and run this script. The text of certificates is not recorded: the doctor does not read it.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { caseFile } from '../../harness/doctor/cases/case.ts';
import { recordedCases } from '../../harness/doctor/cases/cases.ts';
import { readSnapshot } from '../../harness/snapshot/read-snapshot.ts';

const [folder, ...ids] = process.argv.slice(2);
if (folder === undefined)
  throw new Error('Recording failed: no folder. Give a folder with snapshots that `meshproof gather` wrote.');
const known = recordedCases.map(({ id }) => id);
const unknown = ids.filter((id) => !known.includes(id));
if (unknown.length > 0)
  throw new Error(`Recording failed: no case ${unknown.join(', ')}. Give ids of harness/doctor/cases/.`);
for (const id of ids.length > 0 ? ids : known) {
  const source = ['.json', '.tar.gz']
    .map((end) => path.join(folder, `${id}${end}`))
    .find((one) => existsSync(one));
  if (source === undefined) {
    console.log(`${id}: ${folder} does not have its snapshot`);
    continue;
  }
  const snapshot = await readSnapshot(source);
  for (const certificate of snapshot.certificates) delete certificate.pem;
  const bytes = gzipSync(JSON.stringify(snapshot), { level: 9 });
  mkdirSync(path.dirname(caseFile(id)), { recursive: true });
  writeFileSync(caseFile(id), bytes);
  console.log(`${id}: ${bytes.length} bytes`);
}
