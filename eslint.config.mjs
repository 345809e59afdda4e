/** What the compiler cannot forbid: unhandled promises, impure cores, oversized files, dangerous desktop calls. */
import { defineConfig } from 'eslint/config';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

const TESTS = ['**/*.test.ts', '**/*.test.tsx', 'tests/**/*.ts', 'tests/**/*.tsx'];

/** Everywhere: each entry is a syntax that is never right in this house. */
const BANNED_SYNTAX = [
  { selector: 'ExportDefaultDeclaration', message: 'No default exports: a thing has one name everywhere.' },
  { selector: 'ExportSpecifier[exported.name="default"]', message: 'No default exports: a thing has one name everywhere.' },
  { selector: 'ExportAllDeclaration[exported=null]', message: 'No barrels: import from the file that defines it.' },
  { selector: 'TSEnumDeclaration', message: 'No enums: use a union of literals.' },
  { selector: 'CatchClause[body.body.length=0]', message: 'Never swallow an error: handle it, or let it pass.' },
  {
    selector: 'CallExpression[callee.property.name="catch"] > ArrowFunctionExpression[body.type="BlockStatement"][body.body.length=0]',
    message: 'Never swallow an error: handle it, or let it pass.',
  },
  { selector: 'Property[key.name=/^(webSecurity|contextIsolation|sandbox)$/][value.value=false]', message: 'A desktop guard is never switched off.' },
  { selector: 'Property[key.name=/^(nodeIntegration|nodeIntegrationInWorker|webviewTag|allowRunningInsecureContent|experimentalFeatures)$/][value.value=true]', message: 'A desktop guard is never switched off.' },
  {
    selector: 'ImportDeclaration[source.value="zod"][importKind!="type"] > ImportSpecifier[imported.name="z"]',
    message: "Write `import * as z from 'zod'`: the named `z` drags all locales into each of ten processes (360 kB of code, 3 MB resident).",
  },
  { selector: 'Property[key.name="rejectUnauthorized"][value.value=false]', message: 'Certificates are always checked.' },
];

const OPEN_EXTERNAL = {
  selector: 'MemberExpression[property.name="openExternal"]',
  message: 'Only main/desktop/open-external.ts may open links outside.',
};

/** In app/: nothing that makes two runs over the same bars differ. */
const IMPURE = [
  { selector: 'NewExpression[callee.name="Date"], CallExpression[callee.name="Date"], MemberExpression[object.name="Date"]', message: 'No Date in app/: time comes in as an argument or a Clock.' },
  { selector: 'MemberExpression[object.name="Math"][property.name="random"]', message: 'No Math.random in app/: randomness comes in as an argument.' },
  { selector: 'MemberExpression[object.name="Intl"], CallExpression[callee.property.name=/^toLocale/]', message: 'No locale in app/: the same bars give the same bytes on every machine.' },
];
const IMPURE_NAMES = [
  'console', 'process', 'window', 'document', 'performance', 'crypto', 'fetch', 'Buffer', 'globalThis',
  'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask',
].map((name) => ({ name, message: 'app/ is pure: it comes in as an argument, or it happens elsewhere.' }));

export default defineConfig(
  { ignores: ['**/node_modules/**', 'dist*/**', 'coverage/**', 'out/**', 'data/**'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.base],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/ban-ts-comment': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports', disallowTypeAnnotations: true }],
      '@typescript-eslint/no-array-delete': 'error',
      '@typescript-eslint/no-base-to-string': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: true }],
      '@typescript-eslint/no-for-in-array': 'error',
      '@typescript-eslint/no-implied-eval': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unsafe-argument': 'error',
      '@typescript-eslint/no-unsafe-assignment': 'error',
      '@typescript-eslint/no-unsafe-call': 'error',
      '@typescript-eslint/no-unsafe-member-access': 'error',
      '@typescript-eslint/no-unsafe-return': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'all' }],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/prefer-promise-reject-errors': 'error',
      '@typescript-eslint/require-array-sort-compare': ['error', { ignoreStringArrays: true }],
      '@typescript-eslint/restrict-plus-operands': 'error',
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/use-unknown-in-catch-callback-variable': 'error',
      'eqeqeq': 'error',
      'no-constant-condition': ['error', { checkLoops: 'none' }],
      'no-debugger': 'error',
      'no-empty': 'error',
      'no-eval': 'error',
      'no-new-func': 'error',
      'no-param-reassign': 'error',
      'no-restricted-syntax': ['error', ...BANNED_SYNTAX, OPEN_EXTERNAL],
      'no-self-compare': 'error',
      'no-template-curly-in-string': 'error',
      'no-unreachable-loop': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'max-depth': ['error', 4],
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 4],
    },
  },
  {
    files: ['app/**/*.ts'],
    ignores: TESTS,
    rules: {
      'no-restricted-globals': ['error', ...IMPURE_NAMES],
      'no-restricted-syntax': ['error', ...BANNED_SYNTAX, OPEN_EXTERNAL, ...IMPURE],
    },
  },
  { files: ['main/desktop/open-external.ts'], rules: { 'no-restricted-syntax': ['error', ...BANNED_SYNTAX] } },
  {
    files: ['services/**/*.ts', 'main/supervisor/**/*.ts', 'main/units/**/*.ts', 'main/store/**/*.ts'],
    ignores: TESTS,
    rules: { 'no-console': 'error' },
  },
  {
    files: ['renderer/**/*.ts', 'renderer/**/*.tsx'],
    plugins: { 'react-hooks': reactHooks },
    rules: { 'react-hooks/rules-of-hooks': 'error', 'react-hooks/exhaustive-deps': 'error' },
  },
  {
    // The callbacks of describe and it are lists of cases, not functions to be understood at once.
    files: TESTS,
    rules: { 'max-lines-per-function': 'off' },
  },
  {
    // Vite and vitest demand a default export of their configuration.
    files: ['vitest.config.ts', 'renderer/vite.config.ts'],
    rules: { 'no-restricted-syntax': ['error', ...BANNED_SYNTAX.filter(({ selector }) => !selector.startsWith('ExportDefault'))] },
  },
  {
    files: ['**/*.mjs'],
    ignores: ['eslint.config.mjs'],
    rules: {
      'eqeqeq': 'error',
      'no-empty': 'error',
      'no-undef': 'off',
      'no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-var': 'error',
      'prefer-const': 'error',
      'no-restricted-syntax': ['error', ...BANNED_SYNTAX],
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 4],
    },
  },
);
