/**
 * Builds `dist/`: an executable `dist/kites`, its code in `dist/lib/`, and (with `--tree DIR`) a self-contained
 * installation that needs neither the clone nor any Node on PATH.
 *
 *   npm run build                          dist/kites runs with the pinned Node of node_modules
 *   node packaging/build.mjs --tree DIR    DIR/kites with its own Node and native packages
 *
 * Plain JavaScript, because it must run on whatever Node npm came with.
 */
import { build } from 'esbuild'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const arch = process.arch
const NODE_PACKAGE = `node-linux-${arch}`

/** Everything that starts as a program or a worker of its own. Names are the file names in dist/lib. */
const ENTRY_POINTS = {
  main: 'cmd/main.ts',
  'sqlite-worker': 'server/store/sqlite-worker.ts',
  'nft-child': 'netfilter/nftables/nft-child.ts',
  'port-child': 'agent/api/port-child.ts',
}

/** Native packages stay packages; everything else is bundled. */
const NATIVE = ['better-sqlite3', 'koffi']

/** Sources in C, which only a compiler reads (koffi's own JavaScript lies in its src/), and what one left behind. */
const FOR_BUILDING =
  /\/(deps|doc|docs|test|vendor|cnoke\.cjs)$|\/(better-sqlite3\/src|koffi\/build|koffi\/lib)$/

/**
 * dockerode reaches Docker over SSH and BuildKit over gRPC when asked to; kites only ever opens the Engine's
 * unix socket, and these two would cost 30 MB of memory.
 */
const unusedByDockerode = {
  name: 'unused-by-dockerode',
  setup(hooks) {
    hooks.onResolve(
      { filter: /^(ssh2|@grpc\/grpc-js|@grpc\/proto-loader|cpu-features|protobufjs.*)$/ },
      found => ({
        path: found.path,
        namespace: 'absent',
      }),
    )
    hooks.onLoad({ filter: /.*/, namespace: 'absent' }, () => ({
      contents: 'module.exports = {}',
      loader: 'js',
    }))
  },
}

/** Of undici only the pool of connections is used: the rest (fetch, caches, mocks) is a megabyte for every start. */
const onlyPoolOfUndici = {
  name: 'only-pool-of-undici',
  setup(hooks) {
    hooks.onResolve({ filter: /^undici$/ }, () => ({ path: 'undici', namespace: 'only-pool' }))
    hooks.onLoad({ filter: /.*/, namespace: 'only-pool' }, () => ({
      contents: `import api from 'undici/lib/api/index.js'
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js'
import Pool from 'undici/lib/dispatcher/pool.js'
Object.assign(Dispatcher.prototype, api)
export { Pool }`,
      resolveDir: root,
    }))
  },
}

/**
 * Source names an entry point as `new URL('./nft-child.ts', import.meta.url)`. In the bundle all code lies flat in
 * dist/lib, so only the ending changes.
 */
const entryPointUrls = {
  name: 'entry-point-urls',
  setup(hooks) {
    hooks.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8')
      if (!source.includes('import.meta.url')) return undefined
      const contents = source.replace(
        /new URL\('\.\/([\w-]+)\.ts', import\.meta\.url\)/g,
        "new URL('./$1.js', import.meta.url)",
      )
      return { contents, loader: 'ts' }
    })
  },
}

await bundle(join(root, 'dist'))
const tree = process.argv[process.argv.indexOf('--tree') + 1]
if (process.argv.includes('--tree') && tree) install(tree)

async function bundle(out) {
  rmSync(join(out, 'lib'), { recursive: true, force: true })
  mkdirSync(join(out, 'lib'), { recursive: true })
  await build({
    absWorkingDir: root,
    entryPoints: ENTRY_POINTS,
    outdir: join(out, 'lib'),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: [...NATIVE, '*.node'],
    plugins: [unusedByDockerode, onlyPoolOfUndici, entryPointUrls],
    minifySyntax: true,
    define: { KITES_BUILD: JSON.stringify(sourceOf()) },
    legalComments: 'none',
    logLevel: 'warning',
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url); const __filename = import.meta.filename; const __dirname = import.meta.dirname;",
    },
  })
  writeFileSync(join(out, 'lib', 'package.json'), '{ "type": "module" }\n')
  writeFileSync(join(out, 'kites'), readFileSync(join(root, 'packaging', 'launcher.sh')))
  chmodSync(join(out, 'kites'), 0o755)
}

/** Commit and its date, for `/version`; the date is the source's, so that the same source builds the same bytes. */
function sourceOf() {
  try {
    // An installer runs as root in a clone that belongs to somebody else.
    const args = [
      '-c',
      'safe.directory=*',
      'log',
      '-1',
      '--format=%H %cd',
      '--date=format-local:%Y-%m-%dT%H:%M:%SZ',
    ]
    const options = {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, TZ: 'UTC' },
      stdio: ['ignore', 'pipe', 'ignore'],
    }
    const [commit, date] = execFileSync('git', args, options).trim().split(' ')
    return { commit, date }
  } catch {
    // No git, or an unpacked archive.
    return { commit: '', date: '1970-01-01T00:00:00Z' }
  }
}

function install(tree) {
  mkdirSync(tree, { recursive: true })
  cpSync(join(root, 'README.md'), join(tree, 'README.md'))
  cpSync(join(root, 'packaging', 'stop-pods.sh'), join(tree, 'stop-pods.sh'))
  for (const part of ['lib', 'kites']) {
    rmSync(join(tree, part), { recursive: true, force: true })
    cpSync(join(root, 'dist', part), join(tree, part), { recursive: true })
  }
  cpSync(join(root, 'node_modules', NODE_PACKAGE, 'bin', 'node'), join(tree, 'node'))
  chmodSync(join(tree, 'node'), 0o755)
  const kept = ['better-sqlite3', 'koffi', '@koromix']
  for (const name of kept) {
    const from = join(root, 'node_modules', name)
    if (!existsSync(from)) continue
    rmSync(join(tree, 'node_modules', name), { recursive: true, force: true })
    cpSync(from, join(tree, 'node_modules', name), {
      recursive: true,
      filter: path => !FOR_BUILDING.test(path) && !isForeign(path),
    })
  }
  // The installer tells by it whether the tree is of its own source.
  const sum = execFileSync('sh', [join(root, 'packaging', 'source-sum.sh')])
  writeFileSync(join(tree, 'source.sum'), sum)
}

/** Prebuilt binaries of other platforms. */
function isForeign(path) {
  const name = path.split('/').at(-1) ?? ''
  if (name.startsWith('musl_')) return true
  return (
    /\.node$/.test(name) && /(linux|darwin|win32)/.test(name) && !name.startsWith(`linux-${arch}`)
  )
}
