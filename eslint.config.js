import tseslint from 'typescript-eslint';
import rooms from './harness/rooms.json' with { type: 'json' };

/** The parts of rooms that a room must not import, as a pattern for what follows `../`. */
const forbiddenTo = (room) => {
  const parts = rooms[room].map((allowed) => allowed.split('/'));
  return Object.keys(rooms).flatMap((other) => {
    const own = parts.filter(([allowed]) => allowed === other);
    if (other === room || own.some(([, file]) => file === undefined)) return [];
    return own.length === 0 ? [`${other}/`] : [`${other}/(?!${own.map(([, file]) => file).join('|')})`];
  });
};

const boundaries = Object.entries(rooms).map(([room, allowed]) => ({
  files: [`harness/${room}/**/*.ts`],
  rules: {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: `^\\.\\./(\\.\\./)*(${forbiddenTo(room).join('|')})`,
            allowTypeImports: true, // types carry no behaviour; harness/rooms.test.ts checks that they come from below
            message: `harness/${room} may import ${allowed.join(', ') || 'no other room'} (docs/architecture.md#rooms).`,
          },
        ],
      },
    ],
  },
}));

const noInputOutput = {
  files: ['harness/verdict/**/*.ts', 'harness/doctor/**/*.ts'],
  // convergence.ts has its clock injected; it only names the real one as the default.
  ignores: ['**/*.test.ts', 'harness/verdict/convergence.ts'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: '^node:(fs|http|https|tls|child_process|dns|timers)',
            message: 'Verdicts and checks are pure.',
          },
        ],
      },
    ],
  },
};

const suitesUseTheDoor = {
  files: ['suites/**/*.ts'],
  rules: {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      {
        patterns: [
          { regex: '^\\.\\.?/(?!.*harness/index\\.ts$)', message: 'Suites import harness/index.ts only.' },
        ],
      },
    ],
  },
};

const onlyScriptsMakeLabs = {
  files: ['harness/index.ts'],
  rules: {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      { patterns: [{ regex: '^\\./lab/', message: 'Only scripts/ makes labs.' }] },
    ],
  },
};

/** The bundle of the Kubernetes client loads in a third of the time of its 860 files. */
const kubernetesClientIsBundled = {
  files: ['**/*.ts'],
  rules: {
    'no-restricted-syntax': [
      'error',
      {
        selector: 'ImportDeclaration[importKind!="type"][source.value="@kubernetes/client-node"]',
        message: 'Import values from #kubernetes-client, and only types from @kubernetes/client-node.',
      },
    ],
  },
};

/** Tests that hold a room against another one. */
const testsOfTwoRooms = {
  files: [
    'harness/doctor/**/*.test.ts',
    'harness/kube/api-connections.test.ts',
    'harness/traffic/k6-stream.test.ts',
  ],
  rules: { '@typescript-eslint/no-restricted-imports': 'off' },
};

export default tseslint.config(
  // page-script.js is made from TypeScript that is linted.
  {
    ignores: [
      ...['node_modules/', 'dist/', 'results/', '.meshproof/', 'test-results/'],
      'harness/report/page/page-script.js',
    ],
  },
  tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', name: ['test', 'describe', 'it'], package: 'node:test' },
          ],
        },
      ],
      // What is returned without it outlives its `await using`: the connections that it opens then are never closed.
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowNullish: true },
      ],
      'no-empty-pattern': 'off',
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['**/*.test.ts'],
    rules: {
      'max-lines': 'off',
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off', // parsed documents are looked into freely
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['**/*.{js,mjs}'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { console: 'readonly', process: 'readonly' } },
  },
  {
    files: ['suites/**/*.ts'],
    rules: { 'max-lines': ['error', { max: 110 }], 'max-lines-per-function': 'off' },
  },
  ...boundaries,
  kubernetesClientIsBundled,
  testsOfTwoRooms,
  noInputOutput,
  suitesUseTheDoor,
  onlyScriptsMakeLabs,
);
