/**
 * The house rules as a test: arrows between rooms, no cycles, every file opens with its contract, and what
 * may appear where. A rule worth a second review remark becomes a line here.
 */
import t from 'tap'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { spawnSync } from 'node:child_process'
import { OLD } from '#api/resources-old.ts'
import { SERVED } from '#api/resources.ts'

const ROOMS = [
  'base',
  'api',
  'client',
  'server',
  'agent',
  'netfilter',
  'cmd',
  'packaging/pause',
] as const
const FILE_LINES_MAX = 400
const FUNCTION_LINES_MAX = 70

/**
 * Functions that may be longer, and how long they are at most: parts that close over their own state, where each
 * function inside keeps the rule and a cut would only pass the same dozen names around. The numbers may only shrink.
 */
const LONG_FUNCTIONS: Readonly<Record<string, number>> = {
  'agent/network/network-parts.ts createNetworkParts': 90,
  'agent/node/agent-parts.ts createAgentParts': 125,
  'agent/runtime/docker/streams.ts createStreams': 95,
  'client/events.ts createEventRecorder': 95,
  'client/resource.ts resourceClient': 105,
  'server/controllers/certificates/controller.ts createCertificatesController': 90,
  'server/controllers/namespace/controller.ts createNamespaceController': 100,
  // Data: each condition with its words.
  'server/controllers/namespace/plan.ts verdicts': 90,
  'server/controllers/node-lifecycle/controller.ts createNodeLifecycleController': 90,
  'server/controllers/node-lifecycle/controller.ts createTaintEvictionController': 90,
  'server/controllers/pod-gc/controller.ts createPodGCController': 90,
  'server/scheduler/scheduler.ts createScheduler': 160,
  'server/supervisor/tunnel.ts createTunnels': 90,
}
/** Data made by packaging/schemas.ts: facts in rows, as long as Kubernetes has fields. */
const DATA = /^api\/(schemas|types)\//

/** What a room may import besides itself and `node:`. Longest prefix wins. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  api: [],
  netfilter: [],
  client: ['api', 'base'],
  agent: ['api', 'base', 'client', 'netfilter'],
  'server/store': ['base'],
  'server/cache': ['api', 'base', 'server/store'],
  'server/auth': ['api', 'base', 'client', 'server/cache'],
  'server/admission': ['api', 'base', 'client', 'server/auth'],
  'server/custom': ['api', 'base', 'client', 'server/cache'],
  'server/registry': ['api', 'base', 'client', 'server/store', 'server/cache', 'server/custom'],
  'server/discovery': ['api', 'base', 'client', 'server/http', 'server/custom'],
  'server/http': [
    'api',
    'base',
    'client',
    'server/store',
    'server/cache',
    'server/custom',
    'server/registry',
    'server/discovery',
  ],
  'server/controllers': ['api', 'base', 'client'],
  'server/scheduler': ['api', 'base', 'client'],
  'server/supervisor': ['api', 'base', 'client', 'server/auth', 'server/http'],
  'packaging/pause': [],
  cmd: ['base', 'api', 'client', 'server', 'agent', 'netfilter', 'packaging/pause'],
}

/** Third-party packages and the one place that may import each. */
const OWNERS: Readonly<Record<string, RegExp>> = {
  'better-sqlite3': /^server\/store\//,
  undici: /^client\//,
  ws: /^(server\/http|client)\//,
  dockerode: /^agent\/runtime\//,
  systeminformation: /^agent\/node\//,
  koffi: /^netfilter\//,
  'js-yaml': /^(client|cmd|server\/http)\//,
}

const files = ROOMS.flatMap(room => globSync(`${room}/**/*.ts`)).sort()
const texts = new Map(files.map(file => [file, readFileSync(file, 'utf8')]))

interface Import {
  readonly target: string
  readonly typeOnly: boolean
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[\w*{}\s,$]+?\s+from\s+)?'([^']+)'|import\(\s*'([^']+)'\s*\)/g

function importsOf(file: string, text: string): Import[] {
  return [...text.matchAll(IMPORT)].map(match => ({
    target: resolveSpecifier(file, match[2] ?? match[3] ?? ''),
    typeOnly: match[1] !== undefined,
  }))
}

/** `#room/x.ts` and relative specifiers become paths from the top; packages stay as they are. */
function resolveSpecifier(file: string, specifier: string): string {
  if (specifier.startsWith('#')) return specifier.slice(1)
  if (specifier.startsWith('.')) return normalize(join(dirname(file), specifier))
  return specifier
}

const roomOf = (file: string): string =>
  Object.keys(ARROWS)
    .filter(room => file.startsWith(`${room}/`))
    .sort((a, b) => b.length - a.length)[0] ?? ''

const isOurs = (target: string): boolean =>
  target.endsWith('.ts') && ROOMS.some(room => target.startsWith(`${room}/`))

const packageOf = (target: string): string =>
  target.startsWith('@') ? target.split('/').slice(0, 2).join('/') : (target.split('/')[0] ?? '')

function mayImport(file: string, target: string): boolean {
  const room = roomOf(file)
  if (target.startsWith(`${room}/`) && !isForeignController(file, target)) return true
  return (ARROWS[room] ?? []).some(allowed => target.startsWith(`${allowed}/`))
}

/** Controllers never import each other; they share only files that lie directly in their room. */
function isForeignController(file: string, target: string): boolean {
  const part = (path: string): string | undefined =>
    /^server\/controllers\/([^/]+)\//.exec(path)?.[1]
  if (file === 'server/controllers/table.ts') return false
  return part(target) !== undefined && part(target) !== part(file)
}

void t.test('every import follows the arrows', async t => {
  for (const [file, text] of texts) {
    for (const { target } of importsOf(file, text)) {
      if (target.startsWith('node:')) continue
      if (isOurs(target)) {
        if (!mayImport(file, target)) t.fail(`${file} must not import ${target}`)
      } else {
        const owner = OWNERS[packageOf(target)]
        if (owner === undefined) t.fail(`${file} imports ${target}, which no room owns`)
        else if (!owner.test(file)) t.fail(`${file} must not import ${target}`)
      }
    }
  }
  t.ok(texts.size > 0, `${texts.size} files read`)
})

void t.test('no import cycles', async t => {
  const done = new Set<string>()
  const walk = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file)
    if (at >= 0) {
      t.fail(`cycle: ${[...path.slice(at), file].join(' -> ')}`)
      return
    }
    if (done.has(file)) return
    for (const { target } of importsOf(file, texts.get(file) ?? '')) {
      if (isOurs(target)) walk(target, [...path, file])
    }
    done.add(file)
  }
  for (const file of files) walk(file, [])
  t.ok(done.size === files.length, 'every file visited')
})

const indentOf = (line: string): number => line.length - line.trimStart().length
const CONTROL = /^\s*(\}\s*)?(else|if|for|while|switch|catch|do|try|class)\b/
/** The end of a signature over several lines. */
const SIGNATURE_END = /^\s*(\)|\}:|\}\)|\]\))/

interface FunctionSpan {
  readonly name: string
  readonly lines: number
}

/** By indentation alone, which the format check holds: a block ends at the first `}` as far left as its opening line. */
function functionsOf(text: string): FunctionSpan[] {
  const lines = text.split('\n')
  return lines.flatMap((line, opening) => {
    if (!/(=>|\)|\): .*) \{$/.test(line)) return []
    const indent = indentOf(line)
    const isBefore = (at: number): boolean =>
      SIGNATURE_END.test(lines[at] ?? '') || indentOf(lines[at] ?? '') > indent
    let first = opening
    while (first > 0 && isBefore(first)) first -= 1
    if (CONTROL.test(lines[first] ?? '')) return []
    const last = lines.findIndex(
      (other, at) => at > opening && indentOf(other) === indent && /^\s*\}/.test(other),
    )
    const name = /(?:function\*?|const|get|async) (\w+)/.exec(lines[first] ?? '')?.[1]
    return [{ name: name ?? (lines[first] ?? '').trim(), lines: last - first + 1 }]
  })
}

void t.test('no function is longer than a screen', async t => {
  const unused = new Set(Object.keys(LONG_FUNCTIONS))
  for (const [file, text] of texts) {
    for (const { name, lines } of functionsOf(text)) {
      if (lines <= FUNCTION_LINES_MAX) continue
      const key = `${file} ${name}`
      const most = LONG_FUNCTIONS[key] ?? FUNCTION_LINES_MAX
      if (lines > most) t.fail(`${key} has ${lines} lines, more than ${most}`)
      unused.delete(key)
    }
  }
  t.same([...unused], [], 'exceptions that are needed no more')
})

/** What must not appear in a source file, where it may all the same, and why. */
const BANNED: readonly { readonly what: RegExp; readonly except: RegExp; readonly why: string }[] =
  [
    { what: /\bDate\.now\(|new Date\(\)/, except: /^base\//, why: 'time comes from the Clock' },
    {
      what: /\bsetTimeout\(|\bsetInterval\(/,
      except: /^base\//,
      why: 'timers come from the Clock',
    },
    {
      what: /\bMath\.random\(|\brandomUUID\(/,
      except: /^base\//,
      why: 'randomness comes from Random',
    },
    {
      what: /\bprocess\.(env|argv|exit|chdir)\b/,
      except: /^cmd\//,
      why: 'only cmd reads configuration or ends the process',
    },
    { what: /^export default/m, except: /^$/, why: 'named exports only' },
    { what: /\b(TODO|FIXME|XXX)\b/, except: /^$/, why: 'nothing is left behind' },
    {
      what: /@ts-(ignore|expect-error|nocheck)|oxlint-disable|biome-ignore/,
      except: /^$/,
      why: 'mend it instead',
    },
  ]

void t.test('every file keeps the rules', async t => {
  for (const [file, text] of texts) {
    if (!text.startsWith('/**') && !text.startsWith('#!'))
      t.fail(`${file} does not open with its contract`)
    const lines = text.split('\n').length
    if (!DATA.test(file) && lines > FILE_LINES_MAX)
      t.fail(`${file} has ${lines} lines, more than ${FILE_LINES_MAX}`)
    for (const { what, except, why } of BANNED) {
      const found = except.test(file) ? null : what.exec(text)
      if (found) t.fail(`${file}: \`${found[0]}\`: ${why}`)
    }
  }
  t.ok(true, 'all read')
})

void t.test('every dependency has its line in docs/dependencies.md', async t => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
    string,
    Record<string, string>
  >
  const page = readFileSync('docs/dependencies.md', 'utf8')
  const names = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap(part =>
    Object.keys(manifest[part] ?? {}),
  )
  for (const name of names) t.ok(page.includes(`\`${name}\``), name)
})

void t.test('docs/kubernetes.md names every served kind and subresource', async t => {
  const page = readFileSync('docs/kubernetes.md', 'utf8')
  for (const { group, version, resources } of [...SERVED, ...OLD]) {
    const name = group === '' ? version : `${group}/${version}`
    const line = page.split('\n').find(text => text.startsWith(`| \`${name}\` |`)) ?? ''
    for (const { kind, subresources = [] } of resources) {
      const told = new RegExp(`\\b${kind}\\b(?: \\(([^)]*)\\))?`).exec(line)
      t.ok(told, `${name} ${kind}`)
      t.same(
        (told?.[1] ?? '').split(', ').filter(text => text !== ''),
        subresources,
        `${kind}: subresources`,
      )
    }
  }
})

void t.test('ARCHITECTURE.md names every room', async t => {
  const page = readFileSync('ARCHITECTURE.md', 'utf8')
  const rooms = new Set(files.map(file => dirname(file).split('/').slice(0, 2).join('/')))
  for (const room of rooms) t.ok(page.includes(`${room}/`), room)
})

const npx = (command: string, ...args: string[]): { status: number | null; output: string } => {
  const { status, stdout, stderr } = spawnSync(join('node_modules', '.bin', command), args, {
    encoding: 'utf8',
  })
  return { status, output: `${stdout}${stderr}`.split('\n').slice(0, 60).join('\n') }
}

void t.test('types', async t => {
  const { status, output } = npx('tsc', '-p', 'tsconfig.json')
  t.equal(status, 0, output)
})

void t.test('lint', async t => {
  const { status, output } = npx('oxlint', '--type-aware', '--quiet', ...ROOMS, 'test')
  t.equal(status, 0, output)
})

void t.test('format', async t => {
  const { status, output } = npx('biome', 'format')
  t.equal(status, 0, output)
})
