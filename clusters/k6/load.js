// An open-loop load: requests at even intervals, independent of earlier answers. harness/traffic/k6-load.ts passes and explains
// the settings.
import { load } from 'k6/x/meshproof';

const settings = JSON.parse(__ENV.MESHPROOF_LOAD);
const requests = load(settings);

export const options = {
  scenarios: {
    load: {
      executor: 'constant-arrival-rate',
      rate: settings.ratePerSecond,
      timeUnit: '1s',
      duration: `${settings.durationMs + settings.spareMs}ms`, // the extension ends the load, see module.go
      preAllocatedVUs: settings.vus,
      maxVUs: settings.vus,
      gracefulStop: '0s', // an iteration only starts a request: teardown waits for the answers
    },
  },
  noConnectionReuse: settings.connections === 'fresh',
  noCookiesReset: true,
  systemTags: [],
  summaryTrendStats: [],
  teardownTimeout: `${2 * settings.timeoutMs + 10_000}ms`,
};

export default function send() {
  requests.send();
}

export function teardown() {
  requests.drain();
}
