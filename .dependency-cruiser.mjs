// The import table of ARCHITECTURE.md, as rules. A folder may import what is listed and nothing else.
const allow = (name, from, to) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { pathNot: to },
});

const npm = (...names) => names.map((name) => `^node_modules/${name}/`);

export default {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, dependencyTypesNot: ['type-only'] },
    },
    { name: 'no-orphan-imports', severity: 'error', from: {}, to: { couldNotResolve: true } },
    // The rules depend on no package and no platform.
    allow('core-imports-nothing', '^src/core/', ['^src/core/']),
    allow('contract', '^src/contract/', ['^src/contract/', '^src/core/vocabulary\\.ts$', ...npm('zod')]),
    allow('store', '^src/store/', [
      '^src/store/',
      '^src/core/',
      '^node:',
      '^(fs|path|crypto|url|os|child_process|stream|fs/promises)$',
      ...npm('drizzle-orm', 'better-sqlite3', '@types/better-sqlite3'),
    ]),
    allow('http', '^src/http/', [
      '^src/http/',
      '^src/core/',
      '^src/contract/',
      '^node:',
      '^(fs|path|crypto|http|net|url|fs/promises)$',
      ...npm('hono', '@hono/node-server', 'zod'),
    ]),
    allow('discord', '^src/frontends/discord/', [
      '^src/frontends/discord/',
      '^src/core/',
      '^(crypto)$',
      ...npm('discord\\.js', 'discord-api-types', '@discordjs'),
    ]),
    allow('background', '^src/background/', ['^src/background/', '^src/core/']),
    // Commands use every room, never the server that is put together from them.
    allow('commands', '^src/commands/', [
      '^src/(?!app|main)',
      '^node:',
      '^(fs|os|path|net|http)$',
      ...npm('commander'),
    ]),
    {
      name: 'app-is-the-top',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(main|app)\\.ts$' },
      to: { path: '^src/(app|main)\\.ts$' },
    },
    {
      name: 'cli-sees-the-contract-only',
      severity: 'error',
      from: { path: '^cli/' },
      to: { path: '^src/', pathNot: '^src/contract/' },
    },
    {
      name: 'no-test-code-in-production',
      severity: 'error',
      from: { path: '^(src|cli)/' },
      to: { path: '^(tests|bench|torture)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
    // The peers' packages are installed on demand, in a folder of their own.
    exclude: { path: '(^|/)dist/|^bench/peers/' },
  },
};
