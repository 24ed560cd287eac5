import assert from 'node:assert/strict';
import test from 'node:test';
import { annotation } from './annotations.ts';
import { ConsoleLines, wantsColors } from './console.ts';
import { declaredPromises, duplicateOf, listPromises } from './declared.ts';
import { junitXml } from './junit.ts';
import { bytes, duration, plainText, quantity } from './plain-text.ts';
import { promisesDoc } from './promises-doc.ts';
import { samplePromise, sampleReport } from './sample.ts';

test('numbers are readable', () => {
  assert.deepEqual([0, 830.4, 4_240, 59_960, 200_000].map(duration), [
    '0 ms',
    '830 ms',
    '4.2 s',
    '1 min 0 s',
    '3 min 20 s',
  ]);
  assert.deepEqual([0, 14820, 52.349, 1.001, 0.04, 8.1e-7, -3].map(quantity), [
    '0',
    '14,820',
    '52.3',
    '1',
    '0.04',
    '8.1e-7',
    '-3',
  ]);
  assert.deepEqual([248e6, 2.34e9].map(bytes), ['248 MB', '2.3 GB']);
});

test('a message loses its colours, class and blank lines, and a long message its end', () => {
  assert.equal(
    plainText('Error: \u001b[2mexpect(\u001b[22m1)\n\n  Expected: 2  \n'),
    'expect(1)\n  Expected: 2',
  );
  assert.equal(plainText('TypeError: x'), 'x');
  assert.equal(plainText('x'.repeat(5_000)).length, 2_001);
});

test('lines are coloured only in a terminal, and never with NO_COLOR', () => {
  assert.equal(wantsColors({ isTTY: true }, {}), true);
  assert.equal(wantsColors({ isTTY: true }, { NO_COLOR: '1' }), false);
  assert.equal(wantsColors({}, {}), false);
  const broken = sampleReport.promises.find((one) => one.verdict === 'fail')!;
  assert.match(new ConsoleLines(true).promise(broken), /\u001b\[31m✗/);
  assert.match(new ConsoleLines(false).promise(broken), /^✗ LOC-02 .* \(48\.3 s\)\n    west→east: recovered/);
});

test('each experiment and each cause has a line', () => {
  const broken = sampleReport.promises.find((one) => one.id === 'RES-01')!;
  const lines = new ConsoleLines(false).promise(broken).split('\n');
  assert.match(lines[2]!, /^ {4}Likely cause \(MP4003 in west\): DestinationRule .* Remedy: kubectl /);
  assert.match(
    lines[3]!,
    /^ {4}west→east \(catalog\), .*: requests lost to the fault 433 \(at most 500\), .*relapses 1 \(at most 0: outside\), /,
  );
  assert.equal(lines.length, 4);
  assert.match(
    new ConsoleLines(false).promise(sampleReport.promises.find((one) => one.id === 'RES-02')!),
    /✓ .*\n {4}west→west/,
  );
  const xml = junitXml(sampleReport);
  assert.match(
    xml,
    /Likely cause \(MP4003 in west\): .*<\/failure><system-out>west→east \(catalog\), .*<\/system-out>/,
  );
});

test('the summary has a shared reason once', () => {
  const same = { verdict: 'error', reason: 'Not judged: east is down' } as const;
  const promises = [samplePromise({ id: 'CON-01', ...same }), samplePromise({ id: 'CON-02', ...same })];
  const text = new ConsoleLines(false).summary(
    { ...sampleReport, verdict: 'error', promises },
    '/r/index.html',
  );
  assert.match(text, /^COULD NOT JUDGE /m);
  assert.match(text, /^ {2}\? CON-01, CON-02: Not judged: east is down$/m);
  assert.match(text, /Report: \/r\/index\.html/);
});

test('JUnit separates failures from errors, and a run without a judgement is an error', () => {
  const xml = junitXml(sampleReport);
  assert.match(xml, /<testsuite name="locality" tests="2" failures="1" errors="0" skipped="0"/);
  assert.match(xml, /<error message="Test timeout of 60000ms exceeded\.">/);
  assert.match(xml, /<skipped message=/);
  const crashed = junitXml({
    ...sampleReport,
    verdict: 'error',
    reason: 'east "is" <down>\u0000',
    promises: [],
  });
  assert.match(crashed, /tests="1" errors="1".*\n.*<error message="east &#34;is&#34; &#60;down&#62;"\/>/);
});

const { id, title, topic, level, references, disturbs, suite } = samplePromise({
  id: 'CON-01',
  title: 'A <b> | *c*',
});
const declaration = { id, title, topic, level, references, disturbs, suite };
const listing = (...declarations: (typeof declaration)[]) =>
  JSON.stringify({
    suites: declarations.map((one) => ({
      specs: [],
      suites: [
        { specs: [{ tests: [{ annotations: [annotation('meshproof.promise', one), { type: 'issue' }] }] }] },
      ],
    })),
  });

test('promises are found at any depth of a list', () => {
  assert.deepEqual(
    declaredPromises(listing({ ...declaration, id: 'LOC-01' }, declaration)).map((one) => one.id),
    ['CON-01', 'LOC-01'],
  );
  assert.throws(() => declaredPromises('{}'));
});

test('two promises with one id are refused, the same promise twice is not', () => {
  const other = { ...declaration, suite: 'suites/connectivity/other.spec.ts' };
  assert.throws(
    () => declaredPromises(listing(declaration, other)),
    /Two promises have the id CON-01: in .*con-01.* and in .*other/,
  );
  assert.equal(duplicateOf([declaration, declaration]), undefined);
});

test('a command that is not a Playwright test run has 0 promises', async () => {
  assert.deepEqual(await listPromises([process.execPath, 'cli.js', 'show-report']), []);
  assert.deepEqual(await listPromises([process.execPath, '/nowhere.js', 'test']), []);
});

test('the document has each promise under its topic', () => {
  const text = promisesDoc([{ ...declaration, id: 'ZZZ-01', topic: 'zeta' }, declaration]);
  assert.ok(text.indexOf('## Connectivity') < text.indexOf('## Zeta'));
  assert.match(text, /### CON-01\n\nA \\<b\\> \\\| \\\*c\\\*\n/);
  assert.match(
    text,
    /- Suite: \[suites\/connectivity\/con-01\.spec\.ts\]\(\.\.\/suites\/connectivity\/con-01\.spec\.ts\)/,
  );
});
