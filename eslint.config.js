import tseslint from 'typescript-eslint';

/**
 * Which rooms a room may import; what is not named is forbidden. Rooms that act may use verdicts: those are pure, and
 * waiting for a condition is judging it again and again.
 */
const rooms = {
  mesh: ['verdict'],
  traffic: ['mesh', 'verdict'],
  chaos: ['mesh', 'traffic', 'verdict'],
  defects: ['mesh', 'chaos', 'doctor', 'traffic'],
  doctor: [],
  verdict: [],
  report: ['verdict', 'doctor', 'traffic'],
  lab: ['mesh'],
};

const boundaries = Object.entries(rooms).map(([room, allowed]) => {
  const forbidden = Object.keys(rooms).filter((other) => other !== room && !allowed.includes(other));
  return {
    files: [`harness/${room}/**/*.ts`],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: `^\\.\\./(\\.\\./)*(${forbidden.join('|')})/`,
              allowTypeImports: true, // types carry no behaviour: a room may speak of what another records
              message: `harness/${room} may import ${allowed.join(', ') || 'no other room'} (docs/architecture.md#rooms).`,
            },
          ],
        },
      ],
    },
  };
});

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
  files: ['harness/*.ts'],
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

/** Tests of checks break the sample snapshot that stands beside its schema. */
const doctorTestsUseTheSample = {
  files: ['harness/doctor/**/*.test.ts', 'harness/doctor/broken-sample.ts'],
  rules: { '@typescript-eslint/no-restricted-imports': 'off' },
};

export default tseslint.config(
  // page-script.js is made from TypeScript that is linted.
  {
    ignores: [
      ...['node_modules/', 'dist/', 'results/', '.meshproof/', 'test-results/'],
      'harness/report/html/page-script.js',
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
  doctorTestsUseTheSample,
  noInputOutput,
  suitesUseTheDoor,
  onlyScriptsMakeLabs,
);
