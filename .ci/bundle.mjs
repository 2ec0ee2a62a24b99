// Bundles what tsc has compiled, .build/lib, into the files of the package: each file costs Node's loader about 0.5 ms, in
// every process that loads it. What several of them need is in chunks that they share, so that a module and its state exist
// once in a process, whatever that loads.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { rollup } from 'rollup';

/** What users import. */
const PUBLIC = ['index', 'posix/index', 'measure/index'];

/** What is run by its path, see src/start/program.ts; and what a child of the package's own has to find. */
const PROGRAMS = [
  'cli/main',
  'cli/doctor/single-threaded',
  'cli/doctor/target',
  'child/spawned',
  'pool/working',
  'start/forkserver/server',
  'measure/bench/main',
  'measure/child/preloaded',
  'measure/child/process',
  'measure/child/target',
  'measure/child/worker',
];

/** Each chunk holds all that these modules import, but for what is in a chunk further up. */
const CHUNKS = {
  // One file with all that a spawned child needs. All others need most of it too.
  core: ['child/spawned'],
  // What it needs only for values that are not simple.
  transfer: ['transfer/pickle'],
  // What the pool and its workers have in common.
  pool: ['pool/working'],
  // What a child needs for memory that it is given.
  memory: ['memory/shared-memory'],
  sync: ['sync/index'],
  numbers: ['memory/shared-value'],
  channel: ['channel/index'],
  zygote: ['index', 'posix/index', 'start/forkserver/server'],
  measure: ['measure/index'],
  'measure-child': ['measure/child/process', 'measure/child/worker', 'measure/child/target'],
  'measure-steps': ['measure/child/steps', 'measure/child/tools'],
  'measure-data': ['measure/child/preloaded'],
  'measure-bench': ['measure/bench/main'],
  cli: ['cli/main'],
  'cli-measure': ['cli/measure/command'],
  'cli-html': ['cli/html/measurement-page', 'cli/html/comparison-page'],
  'cli-report': ['cli/report/command'],
  'cli-doctor': ['cli/doctor/command'],
};

/** Needed by what should not load the chunk that they would be in. */
const ALSO_IN_CORE = ['memory/heap', 'start/program'];

/** Modules that pass on what packages export. Each becomes a file with all of that in it: users install no other package. */
const VENDORED = ['vendor/plot', 'vendor/schema'];

const root = fileURLToPath(new URL('..', import.meta.url));
const { engines, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const lib = join(root, '.build', 'lib');
const dist = join(root, 'dist');
/** Begins the ids of modules that pass on what a module of src/ exports. */
const PASSED_ON = 'passed-on:';

/** Writes dist/, and for the tests .build/internal, by which they see the modules that users do not. */
export async function bundle() {
  const entries = [...PUBLIC, ...PROGRAMS];
  const modules = readdirSync(lib, { recursive: true })
    .filter((file) => file.endsWith('.js'))
    .map((file) => nameOf(join(lib, file)))
    .filter((name) => !VENDORED.includes(name));
  const bundled = await rollup({
    input: {
      ...Object.fromEntries(entries.map((name) => [`dist/${name}`, idOf(name)])),
      ...Object.fromEntries(modules.map((name) => [`.build/internal/${name}`, PASSED_ON + name])),
    },
    external: (id) => id.startsWith('node:') || isVendored(id),
    makeAbsoluteExternalsRelative: false,
    // tsc has found nothing that is of no use.
    treeshake: false,
    plugins: [compiledModules(), fetchedBuiltins()],
    onwarn: ({ code, message }) => {
      // What tsc writes for `using`.
      if (code !== 'THIS_IS_UNDEFINED') throw new Error(message);
    },
  });
  const { output } = await bundled.generate({
    dir: root,
    entryFileNames: '[name].js',
    chunkFileNames: ({ name }) => (name in CHUNKS ? 'dist/chunks/[name].js' : '.build/internal/chunks/[name].js'),
    manualChunks: chunkOf(entries),
    onlyExplicitManualChunks: true,
    hoistTransitiveImports: false,
    // From the chunks, which are one folder deep.
    paths: (id) => (isVendored(id) ? `../${nameOf(id)}.js` : id),
    // Names as in the source, also in stacks.
    minifyInternalExports: false,
    sourcemap: true,
    // They are in the package.
    sourcemapExcludeSources: true,
  });
  for (const file of output) replace(join(root, file.fileName), file.type === 'chunk' ? file.code : file.source);
  const vendored = await bundleVendored();
  const written = new Set([...output.map(({ fileName }) => join(root, fileName)), ...vendored]);
  removeOthers(dist, written);
  removeOthers(join(root, '.build', 'internal'), written);
  // Last: setup.mjs takes it to be as old as the bundle.
  writeFileSync(join(dist, '.npmignore'), ignoredDeclarations());
}

/** Gives the paths of what it has written: a file for each, and one with the licences of what is in them. */
async function bundleVendored() {
  const { outputFiles, metafile } = await build({
    entryPoints: VENDORED.map((name) => ({ in: idOf(name), out: name })),
    outdir: dist,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    minify: true,
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'error',
  });
  const packages = new Set(
    Object.keys(metafile.inputs).flatMap((input) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? []),
  );
  const licences = join(dist, 'vendor', 'LICENSES.txt');
  replace(licences, [...packages].toSorted().map(licenceOf).join('\n'));
  for (const { path, text } of outputFiles) replace(path, text);
  return outputFiles.map(({ path }) => path);
}

function licenceOf(name) {
  const folder = join(root, 'node_modules', name);
  const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (!file) throw new Error(`${name} is bundled, and has no file with its licence`);
  return `${name} ${about.version} (${about.license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
}

/** A plugin that gives modules as tsc has compiled them. */
function compiledModules() {
  return {
    name: 'compiled-modules',
    resolveId(id, importer) {
      if (id.startsWith(PASSED_ON)) return id;
      const path = importer && resolve(dirname(importer), id);
      return path && isVendored(path) ? { id: path, external: true } : undefined;
    },
    load(id) {
      if (id.startsWith(PASSED_ON)) return `export * from ${JSON.stringify(idOf(id.slice(PASSED_ON.length)))};`;
      const code = readFileSync(id, 'utf8');
      const map = JSON.parse(readFileSync(`${id}.map`, 'utf8'));
      return { code: id === idOf('version') ? code.replace("''", JSON.stringify(version)) : code, map };
    },
  };
}

/** A plugin that has Node's own modules fetched, not imported: to make an ES module of `node:fs` takes Node 2 ms. */
function fetchedBuiltins() {
  return {
    name: 'fetched-builtins',
    renderChunk(code, { name }) {
      const fetched =
        (name === 'core' ? refusal() : '') +
        code.replaceAll(/^import (?:\* as )?(.+) from '(node:.+)';$/gm, (_, names, id) => {
          const fetch = `process.getBuiltinModule('${id}')`;
          return `const ${names.replaceAll(' as ', ': ').replace(/^(\w+), /, `$1 = ${fetch}, `)} = ${fetch};`;
        });
      // A line stays a line.
      return { code: fetched, map: null };
    },
  };
}

/** Where that is not to be had: all begins with this chunk. */
function refusal() {
  const message = `'zygote needs Node ${engines.node.replace('>=', '')} or newer; this is ' + process.version`;
  return `if (!process.getBuiltinModule) throw new Error(${message}); `;
}

/** The chunk of each module; undefined for those that are files of their own. */
function chunkOf(entries) {
  let chunks;
  return (id, { getModuleInfo }) => {
    if (!chunks) {
      chunks = new Map(ALSO_IN_CORE.map((name) => [idOf(name), 'core']));
      const fill = (chunk, module) => {
        for (const imported of getModuleInfo(module).importedIds) {
          if (chunks.has(imported) || getModuleInfo(imported).isExternal) continue;
          if (!entries.includes(nameOf(imported))) chunks.set(imported, chunk);
          fill(chunk, imported);
        }
      };
      for (const [chunk, names] of Object.entries(CHUNKS)) {
        for (const name of names) {
          if (!entries.includes(name) && !chunks.has(idOf(name))) chunks.set(idOf(name), chunk);
          fill(chunk, idOf(name));
        }
      }
    }
    return chunks.get(id);
  };
}

/** Declarations are needed by the tests as well, and are published where the types of what users import need them. */
function ignoredDeclarations() {
  const needed = new Set();
  const visit = (path) => {
    if (needed.has(path)) return;
    needed.add(path);
    for (const [, imported] of readFileSync(path, 'utf8').matchAll(/\b(?:from |import\()['"](\..*)\.js['"]/g)) {
      visit(`${resolve(dirname(path), imported)}.d.ts`);
    }
  };
  for (const name of PUBLIC) visit(join(dist, `${name}.d.ts`));
  const names = [...needed].map((path) => relative(dist, path).replaceAll(sep, '/'));
  return ['*.d.ts', '*.d.ts.map', ...names.flatMap((name) => [`!/${name}`, `!/${name}.map`]), ''].join('\n');
}

/** Whoever reads it meanwhile gets the old or the new content. */
function replace(path, content) {
  if (existsSync(path) && readFileSync(path, 'utf8') === content) return;
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}

/** Files of an earlier bundle. */
function removeOthers(folder, written) {
  for (const file of readdirSync(folder, { recursive: true })) {
    const path = join(folder, file);
    if (/\.js(\.map)?$/.test(file) && !written.has(path)) rmSync(path);
  }
}

function isVendored(id) {
  return VENDORED.some((name) => id === idOf(name));
}

function idOf(name) {
  return join(lib, `${name}.js`);
}

function nameOf(id) {
  return relative(lib, id).slice(0, -'.js'.length).replaceAll(sep, '/');
}
