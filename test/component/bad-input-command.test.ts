/**
 * What people type and write wrong, against the real command: one clear line that says what to do, exit code 2 for
 * wrong use and 1 for failure, never a stack trace.
 */
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { silentLogger } from '#base/logger.ts'
import { systemClock } from '#base/clock.ts'
import { systemRandom } from '#base/random.ts'
import { joinCluster } from '#agent/join/join.ts'
import {
  freePort,
  makeFolder,
  makeTree,
  removeTree,
  type RunOptions,
  runToEnd,
  serverArgs,
  startServer,
} from '../support/server-child.ts'

const tree = makeTree()
const folder = makeFolder()
const server = await startServer(tree)
t.teardown(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
  removeTree(tree)
})

/** Exit code and what was said: the last line of stderr, which must be the only one that is no log. */
async function said(
  args: readonly string[],
  options: RunOptions = {},
): Promise<readonly [number | null, string]> {
  const ran = await runToEnd(tree.kites, args, { timeoutMs: 15_000, ...options })
  const lines = ran.stderr.trimEnd().split('\n')
  const plain = lines.filter(line => !line.startsWith('{"time":'))
  return [ran.code, plain.length === 1 ? (plain[0] ?? '') : ran.stderr]
}

/** A few at a time: two processors have better to do than to start one process after another. */
async function inTurns<Item, Result>(
  items: readonly Item[],
  task: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for (let at = 0; at < items.length; at += 4)
    results.push(...(await Promise.all(items.slice(at, at + 4).map(task))))
  return results
}

type Case = readonly [args: readonly string[], code: number, line: string | RegExp]

async function check(t: Test, cases: readonly Case[], options: RunOptions = {}): Promise<void> {
  const answers = await inTurns(cases, ([args]) => said(args, options))
  for (const [index, [args, code, line]] of cases.entries()) {
    const [ended, text] = answers[index] ?? []
    const name = args.join(' ').slice(0, 80)
    t.equal(ended, code, name)
    if (typeof line === 'string') t.equal(text, `kites: ${line}`, name)
    else t.match(text, line, name)
  }
}

const quiet = ['--disable-agent'] as const

void t.test('commands and flags', async t => {
  await check(t, [
    [['frobnicate'], 2, 'unknown command "frobnicate"; `kites --help` lists them'],
    [['__proto__'], 2, 'unknown command "__proto__"; `kites --help` lists them'],
    [['server', '--frob'], 2, 'unknown flag: --frob (see --help)'],
    [['server', '--constructor'], 2, 'unknown flag: --constructor (see --help)'],
    [['server', '--data-dir'], 2, 'flag needs a value: --data-dir'],
    [['server', 'x'], 2, 'kites server takes no argument "x"'],
    [['server', '--disable-agent=maybe'], 2, '--disable-agent is true or false, not "maybe"'],
    [
      ['server', ...quiet, '--https-listen-port=abc'],
      2,
      '--https-listen-port is a whole number, not "abc"',
    ],
    [
      ['server', ...quiet, '--https-listen-port=99999'],
      2,
      '--https-listen-port is a port from 1 to 65535, not 99999',
    ],
    [
      ['server', ...quiet, '--bind-address=localhost'],
      2,
      '--bind-address is an IP address, not "localhost"',
    ],
    [
      ['server', ...quiet, '--advertise-address=x'],
      2,
      '--advertise-address is an IP address, not "x"',
    ],
    [['server', ...quiet, '--node-ip=x'], 2, '--node-ip is an IP address, not "x"'],
    [['server', ...quiet, '--cluster-dns=x'], 2, '--cluster-dns is an IP address, not "x"'],
    [
      ['server', ...quiet, '--cluster-domain=a b'],
      2,
      '--cluster-domain is a domain such as cluster.local, not "a b"',
    ],
    [
      ['server', ...quiet, '--cluster-cidr=x'],
      2,
      '--cluster-cidr is an IPv4 network such as 10.42.0.0/16, not "x"',
    ],
    [
      ['server', ...quiet, '--cluster-cidr=10.43.128.0/17'],
      2,
      '--cluster-cidr 10.43.128.0/17 and --service-cidr 10.43.0.0/16 overlap; choose two networks that do not',
    ],
    [
      ['server', ...quiet, '--service-node-port-range=5-1'],
      2,
      '--service-node-port-range is two ports such as 30000-32767, not "5-1"',
    ],
    [
      ['server', ...quiet, '--write-kubeconfig-mode=9'],
      2,
      '--write-kubeconfig-mode is an octal mode such as 0600, not "9"',
    ],
    [
      ['server', ...quiet, '--node-name=a_b'],
      2,
      '"a_b" cannot be a node name (letters, digits, - and . only); choose one with --node-name',
    ],
    [
      ['server', ...quiet, '--token-file=/nope'],
      2,
      "--token-file: ENOENT: no such file or directory, open '/nope'",
    ],
    [
      ['server', '--data-dir', folder],
      2,
      'running pods needs root: use sudo, or --disable-agent for the API alone',
    ],
    [['agent'], 2, '--server is missing: https://HOST:6443'],
    [
      ['agent', '--server=https://a:1/x', '--token=t'],
      2,
      '--server is https://HOST:6443, not "https://a:1/x"',
    ],
    [
      ['agent', '--server=http://a', '--token=t'],
      2,
      '--server is https://HOST:6443, not "http://a"',
    ],
    [
      ['agent', '--server=https://a'],
      2,
      '--token is missing; on the server: cat /var/lib/kites/server/node-token',
    ],
    [
      ['agent', '--server=https://a', '--token=t', '--node-label=x'],
      2,
      '--node-label is KEY=VALUE, not "x"',
    ],
    [['agent', '--server=https://a', '--token=t'], 2, 'running pods needs root: use sudo'],
  ])
})

void t.test('config files', async t => {
  const config = (name: string, text: string | Buffer): readonly string[] => {
    const path = join(folder, `${name}.yaml`)
    writeFileSync(path, text)
    return ['server', ...quiet, '--config', path]
  }
  const at = (name: string): string => `config file ${join(folder, `${name}.yaml`)}`
  const unreadable = config('unreadable', 'debug: true')
  chmodSync(join(folder, 'unreadable.yaml'), 0)
  mkdirSync(join(folder, 'directory.yaml'))
  await check(t, [
    [
      config('flow', 'a: ['),
      2,
      `${at('flow')}: line 1: unexpected end of the stream within a flow collection`,
    ],
    [
      config('tab', 'a:\n\tb: c'),
      2,
      `${at('tab')}: line 2: tab characters must not be used in indentation`,
    ],
    [
      config('twice', 'debug: true\ndebug: false'),
      2,
      `${at('twice')}: line 2: duplicated mapping key`,
    ],
    [
      config('bytes', Buffer.from([0xff, 0, 1])),
      2,
      `${at('bytes')}: line 1: null byte is not allowed in input`,
    ],
    [config('list', '- a'), 2, `${at('list')} must be a map of flag names to values`],
    [config('text', 'hello'), 2, `${at('text')} must be a map of flag names to values`],
    [
      config('value', 'https-listen-port: many'),
      2,
      '--https-listen-port is a whole number, not "many"',
    ],
    [
      config('values', 'https-listen-port: [1, 2]'),
      2,
      'config file: https-listen-port takes one value, not a list',
    ],
    [
      config('map', 'data-dir: {a: 1}'),
      2,
      'config file: data-dir holds a map or an empty item, but must be plain text',
    ],
    [['server', '--config', '/nope.yaml'], 2, 'config file /nope.yaml does not exist'],
    [
      ['server', '--config', join(folder, 'directory.yaml')],
      2,
      `${at('directory')}: EISDIR: illegal operation on a directory, read`,
    ],
    [unreadable, 2, /^kites: config file .*unreadable\.yaml: EACCES: permission denied/],
  ])
})

void t.test('addresses, ports and folders', async t => {
  /** One each: they run side by side. */
  const dataDir = (name: string): string => join(folder, `data-${name}`)
  const port = await freePort()
  const taken = createServer()
  await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve))
  t.teardown(() => taken.close())
  const held = Number(Object(taken.address()).port)
  const kubeconfig = join(folder, 'k')
  writeFileSync(join(folder, 'file'), '')
  await check(t, [
    [
      serverArgs({ dataDir: dataDir('a'), port: held }),
      2,
      `port ${held} on 127.0.0.1 is taken by another program; choose another with --https-listen-port`,
    ],
    [
      serverArgs({ dataDir: dataDir('b'), port, more: ['--bind-address=203.0.113.9'] }),
      2,
      'this host has no address 203.0.113.9; see --bind-address',
    ],
    [
      serverArgs({ dataDir: '/usr/lib/nope', port, kubeconfig }),
      2,
      /^kites: cannot use the data directory \/usr\/lib\/nope \(EACCES: .*\): give its owner and room, or choose another with --data-dir$/,
    ],
    [
      serverArgs({ dataDir: join(folder, 'file'), port, kubeconfig }),
      2,
      /^kites: cannot use the data directory .*\/file \(ENOTDIR: /,
    ],
    [
      serverArgs({ dataDir: dataDir('c'), port, more: ['--token', 'a b'] }),
      1,
      'the token is not valid: it has a space or a line break in it',
    ],
  ])
})

const kubeconfigOf = (cluster: object, user: object): string =>
  JSON.stringify({
    'current-context': 'a',
    contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
    clusters: [{ name: 'a', cluster }],
    users: [{ name: 'a', user }],
  })

void t.test('kites kubectl: the kubeconfig', async t => {
  const path = join(folder, 'kubeconfig')
  const ca = Buffer.from(server.ca).toString('base64')
  const cases: readonly (readonly [string, number, string | RegExp])[] = [
    [
      'a: [',
      1,
      `error: kubeconfig ${path}: line 1: unexpected end of the stream within a flow collection`,
    ],
    ['', 1, `error: kubeconfig ${path}: expected a document, but the input is empty`],
    ['- 1', 1, 'error: kubeconfig has no current-context'],
    ['current-context: x', 1, 'error: kubeconfig has no context "x"'],
    [
      kubeconfigOf({ server: 'foo' }, {}),
      1,
      'error: kubeconfig: the server must be https://HOST:PORT, not "foo"',
    ],
    [
      kubeconfigOf({ server: server.url, 'certificate-authority': '/nope' }, {}),
      1,
      'error: cannot read /nope',
    ],
    [
      kubeconfigOf({ server: server.url }, {}),
      1,
      `error: cannot reach ${server.url}: self-signed certificate in certificate chain`,
    ],
    [
      kubeconfigOf({ server: 'https://127.0.0.1:1' }, {}),
      1,
      'error: cannot reach https://127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1',
    ],
    [
      kubeconfigOf({ server: server.url, 'certificate-authority-data': ca }, { token: 'wrong' }),
      1,
      'Error from server (Unauthorized): Unauthorized',
    ],
  ]
  for (const [text, code, line] of cases) {
    writeFileSync(path, text)
    t.same(await said(['kubectl', 'get', 'ns'], { env: { KUBECONFIG: path } }), [code, line])
  }
  t.same(await said(['kubectl', 'get', 'ns'], { env: { KUBECONFIG: '/nope' } }), [
    2,
    'kites: no kubeconfig at /nope: set KUBECONFIG, or run this on the server as root',
  ])
})

const bomb = Array.from(
  { length: 9 },
  (_, at) =>
    `a${at}: &a${at} [${Array(9)
      .fill(at === 0 ? 'x' : `*a${at - 1}`)
      .join(',')}]`,
).join('\n')
const head = 'apiVersion: v1\nkind: ConfigMap\nmetadata: '

void t.test('kites kubectl: words and manifests', async t => {
  const asAdmin = { env: { KUBECONFIG: server.kubeconfig } }
  const cases: readonly (readonly [string, number, string | RegExp])[] = [
    [
      'a: [',
      2,
      'kites: error parsing -: line 1: unexpected end of the stream within a flow collection',
    ],
    ['hello', 2, 'kites: -: a document has no apiVersion or no kind'],
    ['apiVersion: 1\nkind: 2', 2, 'kites: -: a document has no apiVersion or no kind'],
    [
      'apiVersion: v1\nkind: List\nitems: [null]',
      2,
      'kites: -: a document has no apiVersion or no kind',
    ],
    [`${head}{}`, 2, 'kites: -: a ConfigMap has no metadata.name'],
    [
      `${head}{name: a}\n${bomb}`,
      2,
      'kites: error parsing -: its aliases stand for more than the server takes',
    ],
    [
      `${head}{name: a}\ndata: &a {x: *a}`,
      2,
      'kites: error parsing -: its aliases stand for more than the server takes',
    ],
    [
      'apiVersion: v9\nkind: Foo\nmetadata: {name: a}',
      1,
      'error: no matches for kind "Foo" in version "v9"',
    ],
    [
      `${head}{name: a}\nfoo: 1`,
      1,
      'Error from server (BadRequest): failed to create typed patch object (/a; /v1, Kind=ConfigMap): .foo: field not declared in schema',
    ],
    [
      `${head}{name: a, namespace: nowhere}`,
      1,
      'Error from server (NotFound): namespaces "nowhere" not found',
    ],
    [
      `${head}{name: a, namespace: a/b}`,
      1,
      'Error from server (NotFound): namespaces "a/b" not found',
    ],
  ]
  for (const [input, code, line] of cases)
    t.same(await said(['kubectl', 'apply', '-f', '-'], { ...asAdmin, input }), [code, line])
  const words: readonly (readonly [readonly string[], number, string])[] = [
    [['constructor'], 2, 'kites: kubectl constructor is not bundled'],
    [['get'], 2, 'kites: say which resource, for example: pods'],
    [['get', 'nopes'], 1, `error: the server doesn't have a resource type "nopes"`],
    [['get', '__proto__'], 1, `error: the server doesn't have a resource type "__proto__"`],
    [['get', 'cm', 'nope'], 1, 'Error from server (NotFound): configmaps "nope" not found'],
    [['get', 'cm', '-o', 'frob'], 2, 'kites: unknown output "frob": wide, name, json or yaml'],
    [['apply'], 2, 'kites: must specify -f FILE'],
    [['apply', '-f', '/nope'], 2, 'kites: the path "/nope" does not exist'],
    [['delete', 'cm'], 2, 'kites: name the objects, or say -l LABELS or --all'],
    [['logs', 'nope'], 1, 'Error from server (NotFound): pods "nope" not found'],
  ]
  for (const [args, code, line] of words) {
    const [ended, text] = await said(['kubectl', ...args], asAdmin)
    t.same([ended, text.split('\n', 1)[0]], [code, line])
  }
})

void t.test('kites token', async t => {
  await check(
    t,
    [
      [['token', 'frob'], 2, 'unknown verb "frob": create, list, delete or generate'],
      [['token', 'create', '--ttl=x'], 2, '--ttl is a time such as 30m or 24h, not "x"'],
      [
        ['token', 'create', '--ttl=999999999999h'],
        2,
        '--ttl 999999999999h is too long; 0 is for ever',
      ],
      [
        ['token', 'create', 'xyz'],
        1,
        '"xyz" is not a token: it must have the form [a-z0-9]{6}.[a-z0-9]{16}',
      ],
      [['token', 'delete'], 2, 'say which token: kites token delete ID'],
      [['token', 'delete', 'abcdef'], 1, 'there is no token "abcdef"'],
    ],
    { env: { KUBECONFIG: server.kubeconfig } },
  )
})

void t.test('kites agent: what the server does not take', async t => {
  const token = readFileSync(join(server.dataDir, 'server/node-token'), 'utf8').trim()
  /** As root, with an /etc/kites of its own: the host's node password is none of this test's business. */
  const agent = (more: readonly string[]): Promise<readonly [number | null, string]> => {
    const script = 'mkdir -p /etc/kites && mount -t tmpfs none /etc/kites && exec "$@"'
    const args = ['agent', '--data-dir', join(folder, 'agent'), '--docker-socket=/nope', ...more]
    const command = ['-m', 'sh', '-c', script, 'sh', tree.kites, ...args]
    return runToEnd('unshare', command, { asRoot: true, timeoutMs: 15_000 }).then(ran => [
      ran.code,
      ran.stderr
        .split('\n')
        .filter(line => !line.startsWith('{'))
        .join('\n')
        .trim(),
    ])
  }
  const end = new AbortController()
  await joinCluster({
    serverUrl: server.url,
    token,
    nodeName: 'taken',
    nodeIPs: ['192.0.2.77'],
    dataDir: join(folder, 'first'),
    passwordFile: join(folder, 'first-password'),
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    signal: end.signal,
  })
  const to = (given: string, name = 'n'): readonly string[] => [
    `--server=${server.url}`,
    `--token=${given}`,
    `--node-name=${name}`,
    '--node-ip=192.0.2.77',
  ]
  const [hash = ''] = /(?<=^K10)[0-9a-f]{64}/.exec(token) ?? []
  const other = (hash.startsWith('0') ? '1' : '0') + hash.slice(1)
  t.same(await agent(to(token, 'taken')), [1, NAME_TAKEN])
  t.same(await agent(to(`${token}x`)), [
    1,
    'kites: the server refused the token: the token is not valid: user or password is wrong',
  ])
  t.same(await agent(to(token.replace(hash, other))), [
    1,
    `kites: ${server.url} is not the server this token is for: its CA has hash ${hash}, the token says ${other}. Copy the token again from that server's data directory (server/node-token)`,
  ])
  t.same(await agent(to('K10zz::node:x')), [
    1,
    'kites: the token is not valid: its CA hash must have 64 hexadecimal digits',
  ])
})

const NAME_TAKEN =
  'kites: node name "taken" is taken: another host has joined with it, and this host\'s node password is not the one it had. Give this host another name (--node-name). If it is the same host, installed anew, free the name first: kubectl delete node taken'

void t.test('afterwards the server is well', async t => {
  t.notMatch(server.log(), /request failed|"level":"error"/)
  t.ok(await server.stop())
})
