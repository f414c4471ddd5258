// One file with everything inside: a machine needs Node and a single download. Client and worker lie in it as texts
// that are read when they are needed, and modules behind `import()` stay dormant until asked for.
import { build } from 'esbuild';
import { chmod, readFile, rename } from 'node:fs/promises';
import path from 'node:path';

const here = import.meta.dirname;
/** @type {(text: string) => { version: string }} */
const parseManifest = JSON.parse;
const { version } = parseManifest(await readFile(path.join(here, 'package.json'), 'utf8'));
const outfile = path.join(here, 'dist', 'claude-task-client.mjs');

// zod brings its messages in fifty languages; the English ones are all that is ever shown. 260 kB less to read.
/** @type {import('esbuild').Plugin} */
const englishOnly = {
  name: 'english-only',
  setup(builder) {
    builder.onLoad({ filter: /zod[/\\]v4[/\\]locales[/\\]index\.js$/ }, (args) => ({
      contents: 'export { default as en } from "./en.js";',
      resolveDir: path.dirname(args.path),
    }));
  },
};

// Nor does the client turn schemas into JSON Schema, back, or into code. All of it would be read at each start.
/** @type {import('esbuild').Plugin} */
const parsingOnly = {
  name: 'parsing-only',
  setup(builder) {
    const unused =
      /zod[/\\]v4[/\\](core[/\\](compile|json-schema-processors)|classic[/\\]from-json-schema)\.js$/;
    builder.onLoad({ filter: unused }, async ({ path: file }) => {
      const names = (await readFile(file, 'utf8')).matchAll(/^export (?:function|const|class) (\w+)/gm);
      const exports = [...names].map(([, name]) => `export const ${name} = undefined;`);
      return { contents: exports.join('\n') };
    });
  },
};

/** @type {import('esbuild').BuildOptions} */
const shared = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
};
const CLIENT_VERSION = JSON.stringify(version);

/** @param {string} name */
async function textOf(name) {
  const { outputFiles } = await build({
    ...shared,
    entryPoints: [path.join(here, name)],
    format: 'cjs',
    write: false,
    define: { CLIENT_VERSION },
    plugins: [englishOnly, parsingOnly],
  });
  return JSON.stringify(outputFiles[0]?.text);
}
const CLIENT_PROGRAM = await textOf('start.ts');
const WORKER_PROGRAM = await textOf('worker-program.ts');
const { metafile } = await build({
  ...shared,
  entryPoints: [path.join(here, 'main.ts')],
  outfile: `${outfile}.new`,
  format: 'esm',
  metafile: true,
  define: { CLIENT_VERSION, CLIENT_PROGRAM, WORKER_PROGRAM },
  banner: { js: '#!/usr/bin/env node' },
});

// Whoever starts the client while it is built gets the old file or the new one, never half of one.
await chmod(`${outfile}.new`, 0o755);
await rename(`${outfile}.new`, outfile);
const [output] = Object.values(metafile.outputs);
process.stdout.write(`claude-task-client ${version}: ${Math.round(output.bytes / 1024)} kB\n`);
