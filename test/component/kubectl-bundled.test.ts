/**
 * The bundled client as people run it: `kites kubectl` and `kites token` as processes against a real API server, their
 * output compared with the real kubectl's where both have the same job.
 */
import t, { type Test } from 'tap'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LOOPBACK } from '#api/request.ts'
import { messageOf } from '#base/errors.ts'
import { run as agent } from '#cmd/agent.ts'
import { run as cleanup } from '#cmd/cleanup.ts'
import { UsageError } from '#cmd/flags.ts'
import { run as kubectl } from '#cmd/kubectl.ts'
import { run as server } from '#cmd/server.ts'
import { run as token } from '#cmd/token.ts'
import { type Fixture, type Ran, startApi } from './api-fixture.ts'

const MAIN = new URL('../../cmd/main.ts', import.meta.url).pathname
const DEADLINE_MS = 10_000

const configMap = (name: string, value = 'one', labels = ''): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  labels: { app: ${labels === '' ? name : labels} }\ndata: { key: ${value} }\n`

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: { nodeName: 'n1', containers: [{ name: 'main', image: 'busybox' }] },
}

let fixture: Fixture

function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], {
    env: {
      PATH: process.env['PATH'],
      HOME: fixture.directory,
      KUBECONFIG: `/nonexistent/config:${fixture.kubeconfig}`,
    },
  })
}

/** In this process, as `cmd/main.ts` would: a process each would cost a second of the suite's time per command. */
async function kites(args: string, input?: string): Promise<Ran> {
  if (input !== undefined) return kitesProcess(args, input)
  const [command = '', ...rest] = args.split(' ')
  const written = { stdout: '', stderr: '' }
  const { stdout, stderr } = process
  const writes = { stdout: stdout.write.bind(stdout), stderr: stderr.write.bind(stderr) }
  const collect = (stream: 'stdout' | 'stderr') => (text: string | Uint8Array) => {
    written[stream] += typeof text === 'string' ? text : Buffer.from(text).toString()
    return true
  }
  process.env['KUBECONFIG'] = `/nonexistent/config:${fixture.kubeconfig}`
  stdout.write = collect('stdout')
  stderr.write = collect('stderr')
  try {
    const code = await (COMMANDS[command] ?? kubectl)(rest)
    return { code, ...written }
  } catch (error) {
    const line = `kites: ${messageOf(error)}\n`
    return { code: error instanceof UsageError ? 2 : 1, ...written, stderr: written.stderr + line }
  } finally {
    stdout.write = writes.stdout
    stderr.write = writes.stderr
  }
}

const COMMANDS: Readonly<Record<string, (argv: readonly string[]) => Promise<number>>> = {
  kubectl,
  token,
  server,
  agent,
  cleanup,
}

function kitesProcess(args: string, input = ''): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = start(args.split(' '))
    let stdout = ''
    let stderr = ''
    child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.once('error', reject)
    child.once('close', code => resolve({ code: code ?? -1, stdout, stderr }))
    child.stdin?.end(input)
  })
}

interface Step {
  readonly args: string
  readonly input?: string
  readonly code?: number
  readonly stdout?: string | RegExp
  readonly stderr?: string | RegExp
}

async function play(t: Test, steps: readonly Step[]): Promise<void> {
  for (const { args, input, code = 0, stdout, stderr = '' } of steps) {
    const ran = await kites(args, input)
    t.equal(ran.code, code, `${args}: exit code; ${ran.stderr}`)
    if (stdout !== undefined) t.match(ran.stdout, stdout, args)
    if (typeof stderr === 'string') t.equal(ran.stderr, stderr, args)
    else t.match(ran.stderr, stderr, args)
  }
}

t.before(async () => {
  fixture = await startApi()
  const local = fixture.api.local(LOOPBACK)
  for (const name of ['default', 'kube-system', 'other'])
    await local.request({
      method: 'POST',
      path: '/api/v1/namespaces',
      body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    })
})
t.teardown(() => fixture.close())

void t.test('apply: from standard input, a file and a folder', async t => {
  const folder = join(fixture.directory, 'manifests')
  mkdirSync(folder)
  writeFileSync(join(folder, 'a.yaml'), `${configMap('a')}---\n${configMap('b')}`)
  writeFileSync(join(folder, 'pod.json'), JSON.stringify(POD))
  writeFileSync(join(folder, 'notes.txt'), 'not a manifest')
  const broken = join(fixture.directory, 'broken.yaml')
  writeFileSync(broken, 'a: [')
  await play(t, [
    { args: 'kubectl apply -f -', input: configMap('one'), stdout: 'configmap/one created\n' },
    { args: 'kubectl apply -f -', input: configMap('one'), stdout: 'configmap/one unchanged\n' },
    {
      args: 'kubectl apply -f -',
      input: configMap('one', 'two'),
      stdout: 'configmap/one configured\n',
    },
    {
      args: `kubectl apply -f ${folder}`,
      stdout: 'configmap/a created\nconfigmap/b created\npod/web created\n',
    },
    {
      args: 'kubectl apply -n other -f -',
      input: configMap('far', 'x', 'a'),
      stdout: 'configmap/far created\n',
    },
    {
      // As the Go libraries read it: an octal, a YAML 1.1 boolean, and both as text.
      args: 'kubectl apply -f -',
      input:
        'apiVersion: v1\nkind: Pod\nmetadata: { name: modes, annotations: { a: "yes", b: "0644" } }\nspec:\n  automountServiceAccountToken: no\n  containers: [{ name: c, image: i }]\n  volumes: [{ name: v, secret: { secretName: s, defaultMode: 0440 } }]\n',
      stdout: 'pod/modes created\n',
    },
    { args: 'kubectl get pod modes -o yaml', stdout: /defaultMode: 288\n/ },
    { args: 'kubectl get pod modes -o yaml', stdout: /automountServiceAccountToken: false\n/ },
    { args: 'kubectl apply', code: 2, stderr: 'kites: must specify -f FILE\n' },
    {
      args: 'kubectl apply -f /nowhere',
      code: 2,
      stderr: 'kites: the path "/nowhere" does not exist\n',
    },
    { args: `kubectl apply -f ${broken}`, code: 2, stderr: /^kites: error parsing .*broken.yaml/ },
    {
      args: 'kubectl apply -f -',
      input: 'apiVersion: v1\nkind: Nonsense\nmetadata: { name: x }',
      code: 1,
      stderr: 'error: no matches for kind "Nonsense" in version "v1"\n',
    },
    {
      args: 'kubectl apply -f -',
      input: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { generateName: x- }',
      code: 1,
      stderr: /^error: a ConfigMap has metadata.generateName only/,
    },
    {
      args: 'kubectl apply -f -',
      input: `${configMap('ok')}---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: bad }\nspec: {}\n`,
      code: 1,
      stdout: 'configmap/ok created\n',
      stderr: /^Error from server \(\w+\): .*spec/,
    },
  ])
})

void t.test('get prints what kubectl prints', async t => {
  const same = [
    'get configmaps',
    'get cm -o wide',
    'get pod web -o wide',
    'get cm -A',
    'get cm -A -l app=a',
    'get cm,pods',
    'get cm/a cm/b',
    'get cm a b -o name',
    'get pods -o name',
    'get cm a -o json',
    'get cm a -o yaml',
    'get pod modes -o yaml',
    'get all',
    'get pods --field-selector spec.nodeName=n2',
    'get ns',
    'get cm nope',
  ]
  for (const args of same) {
    const ours = await kites(`kubectl ${args}`)
    const theirs = await fixture.kubectl(args.split(' '))
    // Ages are told in seconds, and the two ran a moment apart.
    const ageless = (text: string): string =>
      text.replace(/\b\d+s\b */g, 'AGE').replace(/AGE +/g, 'AGE')
    t.equal(ageless(ours.stdout), ageless(theirs.stdout), args)
    t.equal(ours.stderr, theirs.stderr, `${args}: errors`)
    t.equal(ours.code, theirs.code, `${args}: exit code`)
  }
})

void t.test('get: what is wrong is said in one line', async t => {
  await play(t, [
    { args: 'kubectl get', code: 2, stderr: 'kites: say which resource, for example: pods\n' },
    {
      args: 'kubectl get nonsense',
      code: 1,
      stderr: 'error: the server doesn\'t have a resource type "nonsense"\n',
    },
    { args: 'kubectl get pods -o xml', code: 2, stderr: /unknown output "xml"/ },
    { args: 'kubectl get pods web -A', code: 2, stderr: /by name across all namespaces/ },
    {
      args: 'kubectl get pods --nope',
      code: 2,
      stderr: 'kites: unknown flag: --nope (see --help)\n',
    },
    {
      args: 'kubectl get pods --kubeconfig /nowhere',
      code: 2,
      stderr: /no kubeconfig at \/nowhere/,
    },
    { args: 'kubectl frobnicate', code: 2, stderr: /kubectl frobnicate is not bundled/ },
    {
      args: 'kubectl get cm a nope',
      code: 1,
      stdout: /^NAME +DATA +AGE\na /,
      stderr: 'Error from server (NotFound): configmaps "nope" not found\n',
    },
  ])
})

void t.test('get -w prints rows as they change', async t => {
  const child = start(['kubectl', 'get', 'cm', '-w', '-l', 'app=seen'])
  let text = ''
  const seen = (what: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not seen: ${what} in ${text}`)), DEADLINE_MS)
      const look = (): void => {
        if (!what.test(text)) return
        clearTimeout(timer)
        resolve()
      }
      child.stdout?.on('data', look)
      child.stderr?.on('data', look)
      look()
    })
  const collect = (chunk: Buffer): void => {
    text += chunk.toString()
  }
  child.stdout?.on('data', collect)
  child.stderr?.on('data', collect)
  await seen(/No resources found/)
  await kites('kubectl apply -f -', configMap('later', 'x', 'seen'))
  await seen(/^later +1 /m)
  child.kill('SIGINT')
  const code = await new Promise(resolve => child.once('close', resolve))
  t.equal(code, 0)
})

void t.test('logs', async t => {
  await play(t, [
    { args: 'kubectl logs web', stdout: 'line one\nline two\n' },
    { args: 'kubectl logs pod/web -c main --tail=1', stdout: 'line one\nline two\n' },
    {
      args: 'kubectl logs nope',
      code: 1,
      stderr: 'Error from server (NotFound): pods "nope" not found\n',
    },
    { args: 'kubectl logs', code: 2, stderr: 'kites: say which pod, for example: logs web-1\n' },
  ])
})

void t.test('delete: by name, label and file', async t => {
  const file = join(fixture.directory, 'a.yaml')
  writeFileSync(file, configMap('a'))
  await play(t, [
    { args: 'kubectl delete cm one', stdout: 'configmap "one" deleted\n' },
    { args: `kubectl delete -f ${file}`, stdout: 'configmap "a" deleted\n' },
    {
      args: `kubectl delete -f ${file}`,
      code: 1,
      stderr: 'Error from server (NotFound): configmaps "a" not found\n',
    },
    { args: `kubectl delete -f ${file} --ignore-not-found`, stdout: '' },
    { args: 'kubectl delete cm -l app=b', stdout: 'configmap "b" deleted\n' },
    { args: 'kubectl delete cm', code: 2, stderr: /name the objects, or say -l LABELS or --all/ },
    { args: 'kubectl delete pod/web --grace-period=0', stdout: 'pod "web" deleted\n' },
    { args: 'kubectl delete pods --all', stdout: 'pod "modes" deleted\n' },
    { args: 'kubectl delete cm --all', stdout: /deleted/ },
    { args: 'kubectl get cm,pods', stderr: 'No resources found in default namespace.\n' },
  ])
})

void t.test('token', async t => {
  await play(t, [
    {
      args: 'token create abcdef.0123456789abcdef --ttl 1h --description for-tests',
      stdout: /^K10[0-9a-f]{64}::abcdef\.0123456789abcdef\n$/,
    },
    { args: 'token list', stdout: /^TOKEN .*\nabcdef\.\*{16} .*for-tests\n$/ },
    { args: 'token list -o json', stdout: /"id": "abcdef"/ },
    { args: 'token delete abcdef', stdout: 'bootstrap token "abcdef" deleted\n' },
    { args: 'token delete abcdef', code: 1, stderr: 'kites: there is no token "abcdef"\n' },
    { args: 'token generate', stdout: /^[a-z0-9]{6}\.[a-z0-9]{16}\n$/ },
    { args: 'token create --ttl soon', code: 2, stderr: /--ttl is a time such as 30m or 24h/ },
    { args: 'token frobnicate', code: 2, stderr: /unknown verb "frobnicate"/ },
    { args: 'token delete', code: 2, stderr: 'kites: say which token: kites token delete ID\n' },
  ])
})

void t.test('help of the whole', async t => {
  const { code, stdout } = await kitesProcess('--help')
  t.equal(code, 0)
  for (const name of Object.keys(COMMANDS)) t.match(stdout, new RegExp(`^  ${name} `, 'm'))
  const wrong = await kitesProcess('frobnicate')
  t.equal(wrong.code, 2)
  t.equal(wrong.stderr, 'kites: unknown command "frobnicate"; `kites --help` lists them\n')
})

void t.test('help of every command fits a page and exits well', async t => {
  const commands = ['server --help', 'agent --help', 'token --help', 'cleanup --help']
  const verbs = [
    'kubectl --help',
    'kubectl get -h',
    'kubectl apply -h',
    'kubectl delete -h',
    'kubectl logs -h',
  ]
  for (const args of [...commands, ...verbs]) {
    const { code, stdout, stderr } = await kites(args)
    t.equal(code, 0, args)
    t.match(stdout, /Usage: kites/, args)
    t.equal(stderr, '', args)
    const lines = stdout.split('\n')
    t.ok(lines.length < 45, `${args}: ${lines.length} lines`)
    const longest = Math.max(...lines.map(line => line.length))
    t.ok(longest <= 136, `${args}: a line of ${longest} characters`)
  }
})
