import { writeFile } from 'node:fs/promises';
import { ensureCommands } from '../../harness/lab/debian.ts';
import { resolveLock } from '../../harness/lab/images/base.ts';
import { lockFile } from '../../harness/lab/images/debian-lock.ts';

// Writes clusters/images/debian.lock from the packages that Debian's mirror serves now. Review the difference before you commit it.
await ensureCommands({ mmdebstrap: 'mmdebstrap' }, 'Resolving Debian packages', {});
await writeFile(lockFile, await resolveLock({ onLine: (line) => console.error(line) }));
console.log(`Wrote ${lockFile}`);
