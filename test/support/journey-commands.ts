/**
 * Steps of the cluster journey that are one command of kubectl each, on a cluster where `web` runs. Not a test itself.
 */
import type { Test } from 'tap'
import type { Journey } from './journey.ts'

/** A step by its title. Each leaves behind what it found. */
export const COMMAND_STEPS: readonly (readonly [
  title: string,
  run: (t: Test, journey: Journey) => Promise<void>,
])[] = [
  ['logs, and logs that follow', followLogs],
  ['exec: streams, exit codes, a terminal', execInto],
  ['port-forward, proxies, copies', reachInto],
  ['get -w shows changes as they happen', watchChanges],
  ['the bundled client and join tokens', useBundledClient],
]

async function followLogs(t: Test, journey: Journey): Promise<void> {
  const { cluster, ok, kubectl, aPod } = journey
  const pod = aPod()
  t.equal(ok(['logs', pod]), 'serving v1\n')
  t.equal(ok(['logs', 'deployment/web', '--tail=1']), 'serving v1\n')
  t.match(ok(['logs', pod, '--timestamps']), /^20\d\d-\d\d-\d\dT[\d:.]+Z serving v1\n$/)
  const following = cluster.watchKubectl(['logs', '-f', pod])
  await following.until(/serving v1/)
  ok(['exec', pod, '--', 'sh', '-c', 'echo a fresh line > /proc/1/fd/1'])
  await following.until(/a fresh line/)
  ok(['exec', pod, '--', 'sh', '-c', 'echo and another > /proc/1/fd/2'])
  await following.until(/and another/)
  await following.end()
  const missing = kubectl(['logs', 'nobody'])
  t.equal(missing.status, 1)
  t.match(missing.stderr, /\(NotFound\): pods "nobody" not found/)
}

async function execInto(t: Test, journey: Journey): Promise<void> {
  const { cluster, machine, ok, kubectl, aPod } = journey
  const pod = aPod()
  t.same(kubectl(['exec', pod, '--', 'sh', '-c', 'echo out; echo err >&2; exit 7']), {
    status: 7,
    stdout: 'out\n',
    stderr: 'err\ncommand terminated with exit code 7\n',
  })
  t.equal(ok(['exec', '-i', pod, '--', 'cat'], { input: 'through and back' }), 'through and back')
  const absent = kubectl(['exec', pod, '--', 'no-such-program'])
  t.match(absent.stdout + absent.stderr, /"no-such-program": executable file not found in \$PATH/)
  t.not(absent.status, 0)
  const kubectlExec = `${cluster.kubectlProgram} --kubeconfig /etc/kites/kites.yaml exec -it ${pod} --`
  const inTerminal = (script: string, input: string) =>
    cluster.inside(machine, ['script', '-qec', script, '/dev/null'], { input, timeoutMs: 20_000 })
  const size = inTerminal(
    `stty cols 101 rows 33; ${kubectlExec} sh -c 'tty; sleep 1; stty size'`,
    '',
  )
  t.match(size.stdout, /\/dev\/pts\/0\r\n[^]*33 101/, 'the terminal has the size of ours')
  const shell = inTerminal(`${kubectlExec} sh`, 'echo sum-$((40+2))\nexit 3\n')
  t.match(shell.stdout, /sum-42/)
  t.equal(shell.status, 3, 'the exit code of the shell')
}

async function reachInto(t: Test, journey: Journey): Promise<void> {
  const { cluster, machine, ok, column, aPod } = journey
  const pod = aPod()
  const ask = (port: number): string =>
    cluster.inside(machine, ['curl', '-s', '-m', '5', `http://127.0.0.1:${port}/`]).stdout
  // Only its own localhost reaches the second one.
  ok([
    'exec',
    pod,
    '--',
    'sh',
    '-c',
    'echo inner > /tmp/index.html; httpd -p 127.0.0.1:9090 -h /tmp',
  ])
  const forwarding = cluster.watchKubectl(['port-forward', pod, '18080:80', '19090:9090'])
  await forwarding.until(/127\.0\.0\.1:19090/)
  t.equal(ask(18_080), `v1 ${pod}\n`)
  t.equal(ask(19_090), 'inner\n')
  await forwarding.end()
  const services = '/api/v1/namespaces/default/services'
  for (const path of [`${services}/web:http/proxy/`, `${services}/web:8080/proxy/`])
    t.match(ok(['get', '--raw', path]), /^v1 web-/)
  t.equal(ok(['get', '--raw', `/api/v1/namespaces/default/pods/${pod}/proxy/`]), `v1 ${pod}\n`)
  const node = column(['nodes'], '.metadata.name')[0] ?? ''
  t.equal(ok(['get', '--raw', `/api/v1/nodes/${node}/proxy/healthz`]), 'ok')
  const proxying = cluster.watchKubectl(['proxy', '--port=18001'])
  await proxying.until(/Starting to serve/)
  const through = `http://127.0.0.1:18001${services}/web:http/proxy/`
  t.match(cluster.inside(machine, ['curl', '-s', '-m', '5', through]).stdout, /^v1 web-/)
  await proxying.end()
  t.match(ok(['cluster-info']), /control plane.* is running at/)
  ok(['cp', '/bin/busybox', `${pod}:/tmp/program`])
  ok(['cp', `${pod}:/tmp/program`, '/var/log/program'])
  t.equal(cluster.inside(machine, ['cmp', '/bin/busybox', '/var/log/program']).status, 0)
}

const ONCE = `
apiVersion: v1
kind: Pod
metadata: { name: once }
spec:
  restartPolicy: Never
  containers:
    - name: once
      image: web:1
      command: [sh, -c, 'sleep 1; cat /late/word; echo']
      volumeMounts: [{ name: late, mountPath: /late }]
  volumes: [{ name: late, configMap: { name: late } }]
`

async function watchChanges(t: Test, journey: Journey): Promise<void> {
  const { cluster, ok, kubectl } = journey
  const watching = cluster.watchKubectl([
    'get',
    'pods',
    '-w',
    '--field-selector=metadata.name=once',
  ])
  // It is seen being created for as long as we like: its volume is not there yet.
  ok(['apply', '-f', '-'], { input: ONCE })
  await watching.until(/once +0\/1 +Pending[^]*once +0\/1 +ContainerCreating/, 20_000)
  ok(['create', 'configmap', 'late', '--from-literal=word=done'])
  await watching.until(/ContainerCreating[^]*once +1\/1 +Running[^]*once +0\/1 +Completed/, 20_000)
  await watching.end()
  t.equal(ok(['logs', 'once']), 'done\n')
  ok(['delete', 'pod/once', 'configmap/late'])
  t.equal(kubectl(['get', 'pod', 'once']).status, 1)
}

async function useBundledClient(t: Test, journey: Journey): Promise<void> {
  const { cluster, machine, kubectl, aPod } = journey
  const kites = (...args: string[]) => cluster.inside(machine, [`${cluster.tree}/kites`, ...args])
  const said = kites('kubectl', 'get', 'pods', '-l', 'app=web')
  t.match(
    said.stdout,
    /NAME +READY +STATUS +RESTARTS +AGE\nweb-[a-z0-9-]+ +1\/1 +Running/,
    said.stderr,
  )
  const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: small }\ndata: { a: b }\n'
  const apply = () =>
    cluster.inside(machine, [`${cluster.tree}/kites`, 'kubectl', 'apply', '-f', '-'], {
      input: manifest,
    })
  t.same(apply(), { status: 0, stdout: 'configmap/small created\n', stderr: '' })
  t.equal(apply().stdout, 'configmap/small unchanged\n')
  t.equal(kites('kubectl', 'logs', aPod()).stdout.split('\n')[0], 'serving v1')
  t.same(kites('kubectl', 'delete', 'configmap', 'small'), {
    status: 0,
    stdout: 'configmap "small" deleted\n',
    stderr: '',
  })
  t.equal(kubectl(['get', 'configmap', 'small']).status, 1)

  const token = kites(
    'token',
    'create',
    '--ttl',
    '30m',
    '--description',
    'for a friend',
  ).stdout.trim()
  t.match(token, /^K10[0-9a-f]{64}::[a-z0-9]{6}\.[a-z0-9]{16}$/)
  const id = token.split('::')[1]?.split('.')[0] ?? ''
  t.match(kites('token', 'list').stdout, new RegExp(`${id}\\.\\*+ +20\\d\\d-.* for a friend`))
  t.match(kites('token', 'delete', id).stdout, `bootstrap token "${id}" deleted`)
  t.notMatch(kites('token', 'list').stdout, id)
  t.match(kites('token', 'delete', id).stderr, /^[^\n]*there is no token[^\n]*\n$/)
}
