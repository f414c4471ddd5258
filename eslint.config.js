import n from 'eslint-plugin-n';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  // The peers' drivers need packages that are installed on demand, so there are no types to check them with.
  { ignores: ['**/dist/**', '**/node_modules/**', 'drizzle/**', 'data/**', 'bench/peers/**'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: {
          allowDefaultProject: [
            '*.js',
            '*.mjs',
            'cli/*.mjs',
            'torture/*.mjs',
            'torture/faults/*.mjs',
            '.dependency-cruiser.mjs',
          ],
        },
      },
    },
    plugins: { n },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      // Numbers read well inside a sentence, and their text form holds no surprise.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `{}` handlers and optional hooks are part of several ports.
      '@typescript-eslint/no-empty-function': 'off',
      // A closed set of words is a union, never a class of constants.
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
        {
          selector:
            "CallExpression[callee.property.name='transaction'] > ArrowFunctionExpression[async=true]",
          message: 'A transaction must be synchronous: an async one commits before its body ran.',
        },
        {
          selector: "CallExpression[callee.object.name='vi'][callee.property.name=/^(mock|doMock)$/]",
          message: 'No module mocks: pass a fake through a port.',
        },
      ],
      'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 3],
      complexity: ['error', 10],
      'no-console': 'error',
    },
  },
  {
    files: ['src/**/*.ts', 'cli/**/*.ts'],
    ignores: ['src/main.ts', 'cli/main.ts'],
    rules: { 'n/no-process-env': 'error' },
  },
  {
    // Configuration files are read by tools that ask for a default export, and are no part of the program.
    files: ['*.js', '*.mjs', 'torture/**/*.mjs', '*.config.ts', '.dependency-cruiser.mjs'],
    ...tseslint.configs.disableTypeChecked,
  },
  {
    files: ['*.js', '*.mjs', '*.config.ts', '.dependency-cruiser.mjs'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    // A check that does not find what it expects throws, and that is its answer.
    files: ['scripts/deploy-check/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    // A suite is one long function by nature; its tests are the units that stay short.
    files: ['tests/**/*.ts', 'bench/**/*.ts', 'torture/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      // A table's columns are parameters.
      'max-params': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-console': 'off',
    },
  },
);
