/** Config files, the options made of flags, and what the embedded agent is told. */
import t from 'tap'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { agentOptionsOf } from '#cmd/agent.ts'
import { readConfigFiles } from '#cmd/config-files.ts'
import { agentFlags } from '#cmd/embedded-agent.ts'
import { parseFlags, UsageError } from '#cmd/flags.ts'
import { AGENT_FLAGS, SERVER_FLAGS } from '#cmd/server-flags.ts'
import {
  listeningAddress,
  loopbackOf,
  type ServerOptions,
  serverOptionsOf,
} from '#cmd/server-options.ts'

const directory = mkdtempSync(join(tmpdir(), 'kites-options-'))
t.teardown(() => rmSync(directory, { recursive: true, force: true }))

const put = (name: string, text: string): string => {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

const optionsOf = (
  argv: readonly string[],
  files: Parameters<typeof parseFlags>[1]['files'] = [],
) =>
  serverOptionsOf(
    parseFlags(SERVER_FLAGS, {
      argv: ['--node-ip=192.0.2.7', '--node-name=n1', ...argv],
      env: {},
      files,
    }).values,
  )

void t.test('config files', async t => {
  const main = put(
    'config.yaml',
    'https-listen-port: 7443\ntls-san: [a, b]\nnode-label:\n- zone=one\n',
  )
  mkdirSync(`${main}.d`)
  writeFileSync(`${main}.d/20-late.yaml`, 'tls-san+: c\nhttps-listen-port: 9443\n')
  writeFileSync(`${main}.d/10-early.yml`, 'https-listen-port: 8443\n')
  writeFileSync(`${main}.d/notes.txt`, 'not read')
  writeFileSync(`${main}.d/.hidden.yaml`, 'https-listen-port: 1\n')
  const files = readConfigFiles(['--config', main], {})
  t.equal(files.length, 3)
  const options = optionsOf([], files)
  t.equal(options.port, 9443, 'the last drop-in counts')
  t.same(options.tlsSans, ['a', 'b', 'c'], 'key+ appends')
  t.same(options.node.labels, ['zone=one'])
  t.equal(optionsOf(['--https-listen-port=1234'], files).port, 1234, 'the command line counts more')
  for (const [argv, env] of [
    [[`--config=${main}`], {}],
    [['-c', main], {}],
    [[`-c=${main}`], {}],
    [[], { KITES_CONFIG_FILE: main }],
  ] as const)
    t.equal(readConfigFiles(argv, env).length, 3, argv[0] ?? 'KITES_CONFIG_FILE')
  t.same(readConfigFiles(['--config', put('empty.yaml', '')], {}), [{}])
  const wrong: readonly (readonly [string, RegExp])[] = [
    [join(directory, 'absent.yaml'), /^config file .*absent.yaml does not exist$/],
    [put('list.yaml', '- a\n'), /list.yaml must be a map of flag names to values$/],
    [put('broken.yaml', 'a: [\n'), /^config file .*broken.yaml: /],
  ]
  for (const [path, message] of wrong)
    t.throws(() => readConfigFiles(['--config', path], {}), { message }, path)
})

void t.test('options of a server', async t => {
  const plain = optionsOf([])
  t.match(plain, {
    port: 6443,
    advertiseAddress: '192.0.2.7',
    advertisePort: 6443,
    serviceCIDR: '10.43.0.0/16',
    apiServiceIP: '10.43.0.1',
    clusterDNS: '10.43.0.10',
    nodePortRange: { first: 30000, last: 32767 },
    kubeconfig: { path: '/etc/kites/kites.yaml', mode: 0o600 },
    agent: true,
  })
  t.equal(loopbackOf(plain), '127.0.0.1')
  const bound = optionsOf(['--bind-address=192.0.2.9', '--service-cidr=10.99.7.5/20'])
  t.equal(bound.advertiseAddress, '192.0.2.9')
  t.equal(loopbackOf(bound), '192.0.2.9')
  for (const [flag, advertised, listening] of [
    ['127.0.0.1', '192.0.2.7', '127.0.0.1'],
    ['::1', '192.0.2.7', '::1'],
    ['::', '192.0.2.7', '192.0.2.7'],
    ['192.0.2.9', '192.0.2.9', '192.0.2.9'],
  ] as const) {
    const options = optionsOf([`--bind-address=${flag}`])
    t.same([options.advertiseAddress, listeningAddress(options)], [advertised, listening], flag)
  }
  t.equal(bound.serviceCIDR, '10.99.0.0/20', 'host bits are dropped')
  t.equal(bound.clusterDNS, '10.99.0.10')
  const token = put('token', 'secret\n')
  t.equal(optionsOf([`--token-file=${token}`]).token, 'secret')
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['--service-cidr=10.43.0.0', /--service-cidr is an IPv4 network such as/],
    ['--cluster-cidr=fd00::/48', /--cluster-cidr is an IPv4 network/],
    ['--service-node-port-range=9-1', /--service-node-port-range is two ports/],
    ['--write-kubeconfig-mode=rw', /octal mode/],
    ['--bind-address=localhost', /--bind-address is an IP address/],
    ['--token-file=/nowhere', /--token-file: .*ENOENT/],
    ['--node-name=a b', /cannot be a node name/],
  ]
  for (const [flag, message] of wrong)
    t.throws(() => optionsOf([flag]), { constructor: UsageError, message }, flag)
})

void t.test('options of an agent', async t => {
  const parse = (argv: readonly string[]) =>
    agentOptionsOf(
      parseFlags(AGENT_FLAGS, {
        argv: ['--node-ip=192.0.2.7', '--node-name=n1', ...argv],
        env: {},
        files: [],
      }).values,
    )
  const good = ['--server=https://192.0.2.1:6443', '--token=x']
  t.match(
    parse([
      ...good,
      '--node-label=a=b,c=d=e',
      '--node-taint=k=v:NoSchedule',
      '--node-taint=x:NoExecute',
    ]),
    {
      labels: { a: 'b', c: 'd=e' },
      taints: [
        { key: 'k', value: 'v', effect: 'NoSchedule' },
        { key: 'x', effect: 'NoExecute' },
      ],
    },
  )
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [['--token=x'], /--server is missing/],
    [['--server=http://192.0.2.1:6443', '--token=x'], /--server is https:/],
    [['--server=https://192.0.2.1:6443'], /--token is missing; on the server: cat/],
    [[...good, '--node-label=a'], /--node-label is KEY=VALUE/],
    [[...good, '--node-taint=k=v'], /--node-taint is KEY=VALUE/],
    [[...good, '--node-taint=k=v:Sometimes'], /--node-taint is KEY=VALUE/],
  ]
  for (const [argv, message] of wrong)
    t.throws(() => parse(argv), { constructor: UsageError, message }, argv.join(' '))
})

void t.test('the embedded agent is told all that the server read, wherever it stood', async t => {
  const files = [
    {
      'node-label': ['zone=one', 'disk=ssd'],
      'docker-socket': '/run/x.sock',
      token: 'server-secret',
    },
  ]
  const options: ServerOptions = optionsOf(['--node-taint=k=v:NoSchedule', '--debug'], files)
  const argv = agentFlags({ options, tokenPath: put('agent-token', 'K10abc::node:x') })
  // As the child reads it: its own command line, and no file.
  const told = agentOptionsOf(
    parseFlags(AGENT_FLAGS, { argv, env: {}, files: readConfigFiles(argv, {}) }).values,
  )
  t.match(told, {
    serverUrl: 'https://127.0.0.1:6443',
    token: 'K10abc::node:x',
    nodeName: 'n1',
    nodeIPs: ['192.0.2.7'],
    dockerSocket: '/run/x.sock',
    labels: { zone: 'one', disk: 'ssd' },
    taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }],
  })
  t.notOk(argv.join(' ').includes('server-secret'), 'no secret on the command line')
})
