/** Runs a load and prints the generator's process id. load.e2e.ts kills this process. */
import { startLoad } from '../../harness/traffic/k6-load.ts';

const [origin = ''] = process.argv.slice(2);
const load = startLoad({
  target: { name: 'the server of the test', origin, basePath: '', headers: {} },
  ratePerSecond: 50,
  durationMs: 120_000,
  connections: 'keep-alive',
});
while (load.soFar.length === 0) await new Promise((resolve) => setImmediate(resolve));
console.log(load.pid);
await load.sent;
