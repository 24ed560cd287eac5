import { access, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';

const usage = 'use: node scripts/dev/screenshot.ts FILE.html OUT.png [--width 1280] [--dark]';
const flags = [
  ...['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
];

/** The path of an installed Chromium. The tests do not need a browser, so this script does not download one. */
async function findBrowser(): Promise<string> {
  const candidates = [
    process.env['CHROMIUM'],
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
  ];
  for (const candidate of candidates) {
    if (
      candidate &&
      (await access(candidate).then(
        () => true,
        () => false,
      ))
    )
      return candidate;
  }
  throw new Error(
    'Chromium is not installed. Run apt-get install -y --no-install-recommends chromium, or set CHROMIUM to its path.',
  );
}

/** The whole page of an HTML file as a PNG, with CSS pixels of `width`, with a temporary profile. */
async function screenshot(page: string, image: string, width: number, dark: boolean): Promise<void> {
  await stat(page);
  const executablePath = await findBrowser();
  const profile = await mkdtemp(path.join(tmpdir(), 'meshproof-chromium-'));
  const colorScheme = dark ? 'dark' : 'light';
  const options = {
    executablePath,
    args: flags,
    chromiumSandbox: false,
    headless: true,
    colorScheme,
  } as const;
  const browser = await chromium.launchPersistentContext(profile, {
    ...options,
    viewport: { width, height: 800 },
  });
  try {
    const tab = browser.pages()[0] ?? (await browser.newPage());
    await tab.goto(`file://${path.resolve(page)}`);
    await tab.screenshot({ path: image, fullPage: true });
  } finally {
    await browser.close();
    await rm(profile, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const options = {
    width: { type: 'string', default: '1280' },
    dark: { type: 'boolean', default: false },
  } as const;
  const { positionals, values } = parseArgs({ options, allowPositionals: true });
  const [page, image] = positionals;
  const width = Number(values.width);
  if (!page || !image || positionals.length > 2 || !(width >= 100 && width <= 10_000)) throw new Error(usage);
  await screenshot(page, image, width, values.dark);
}

await main().catch((error: unknown) => {
  console.error(`screenshot: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 3;
});
