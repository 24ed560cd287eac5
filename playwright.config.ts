import { resolve } from 'node:path';
import { defineConfig } from '@playwright/test';

// Set by `meshproof run`; by hand, a run without them goes to results/by-hand.
const runDir = resolve(process.env['MESHPROOF_RUN_DIR'] ?? 'results/by-hand');
// `meshproof run` tries promises again that the machine was too busy for; the pages of the first try stay.
const again = process.env['MESHPROOF_SECOND_TRY'] === undefined ? '' : '-second-try';
const meshFilePath = process.env['MESHPROOF_MESH'];

export default defineConfig({
  testDir: 'suites',
  globalSetup: './harness/suite/global-setup.ts',
  outputDir: `${runDir}/test-results${again}`,
  // A promise that holds only at the second try does not hold.
  retries: 0,
  // The bundle of the Kubernetes client is plain JavaScript of 6 MB: Playwright must not transform it.
  build: { external: ['**/dist/*.js'] },
  workers: 2,
  fullyParallel: true,
  timeout: 90_000,
  // `chaos` breaks the mesh under load; `core` is what every mesh must do.
  projects: [
    { name: 'core', testIgnore: 'resilience/**' },
    { name: 'chaos', testMatch: 'resilience/**/*.spec.ts' },
  ],
  reporter: [
    ['./harness/report/reporter.ts', { runDir, ...(meshFilePath ? { meshFilePath } : {}) }],
    ['html', { outputFolder: `${runDir}/playwright${again}`, open: 'never' }],
  ],
});
