import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { run } from '../../base/command.ts';
import { digest, filesBelow, recipeFolder, recipeVersion } from './recipe.ts';

const source = async (file: string): Promise<string> => readFile(join(import.meta.dirname, file), 'utf8');

test('every file in clusters/images is an input of the names of images', async () => {
  const committed = await run(['git', 'ls-files', '--full-name', '.'], { cwd: recipeFolder });
  const inputs = (await filesBelow(recipeFolder)).map((file) => file.slice(recipeFolder.length + 1));
  for (const file of committed.split('\n'))
    assert.ok(inputs.includes(file.replace(/^clusters\/images\//, '')), `${file} is not an input`);
});

test('an image has no file of the checkout from outside clusters/images', async () => {
  const files = (await readdir(import.meta.dirname)).filter((file) => /(?<!\.test)\.ts$/.test(file));
  for (const file of files.filter((name) => name !== 'recipe.ts'))
    assert.doesNotMatch(
      await source(file),
      /projectRoot|import\.meta/,
      `${file} reads files that the names of images do not depend on: take them from recipeFolder`,
    );
});

/** The code that determines the content of an image, without its imports and comments: a rename changes nothing. */
async function recipeCode(): Promise<string[]> {
  const files = ['base.ts', 'build.ts', 'node-image.ts', 'pod-images.ts'];
  const texts = await Promise.all(files.map(source));
  return texts.map((text) =>
    text.replaceAll(/^import .*?;$|^ *\/\*\*.*?\*\/$|^ *\/\/.*?$/gms, '').replaceAll(/\s+/g, ' '),
  );
}

test('the version of the recipe was considered when its code changed', async () => {
  assert.equal(
    `version ${recipeVersion}, code ${digest(...(await recipeCode()))}`,
    'version 1, code ec8397d066a7',
    'The code that builds images changed. If the content of an image changed, raise recipeVersion in recipe.ts. Then update this line.',
  );
});
