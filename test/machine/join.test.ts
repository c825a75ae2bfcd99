/**
 * Two bare machines with systemd: the second joins the first by the script and a token, as the unit kites-agent; pods
 * spread, Services cross, a reboot of the agent's machine and its uninstall; and what the installer says when something
 * is wrong. Both bring their tree along (KITES_TREE).
 */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { DebianMachine } from '../support/debian-machine.ts'
import { until } from '../support/docker-host.ts'
import { closeAll, closeAtEnd } from '../support/machine.ts'
import { Journey } from '../support/machine-journey.ts'
import { MachineNetwork } from '../support/machine-network.ts'
import { machineSource } from '../support/machine-source.ts'
import { added, TRACE_NAMES, tracesOf } from '../support/machine-traces.ts'

t.teardown(closeAll)
const { directory } = await machineSource('join', true)
const network = await MachineNetwork.start()
closeAtEnd(network)

async function bareMachine(name: string, host: number): Promise<DebianMachine> {
  const machine = await DebianMachine.start({ network, name, host })
  for (const part of ['source', 'tree'])
    cpSync(join(directory, part), join(machine.root, 'root', part), { recursive: true })
  return machine
}

const SPREAD = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 4
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{ name: web, image: web:1, ports: [{ containerPort: 80 }] }]
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  type: NodePort
  selector: { app: web }
  ports: [{ port: 8080, targetPort: 80, nodePort: 30080 }]
`
const env = { KITES_TREE: '/root/tree' }
const source = '/root/source'
const first = await bareMachine('first', 51)
const second = await bareMachine('second', 52)
const server = new Journey({ machine: first, source, directory, env })
const agent = new Journey({ machine: second, source, directory, env })
const bare = await tracesOf(second)
const url = `https://${first.address}:6443`

async function timed(t: Test, what: string, step: () => Promise<void>): Promise<void> {
  const started = performance.now()
  await step()
  t.comment(`${((performance.now() - started) / 1000).toFixed(1)} s: ${what}`)
}

await t.test('what is wrong is said in one line, and what to do', async t => {
  const cases: readonly (readonly [string, string, Readonly<Record<string, string>>, RegExp])[] = [
    ['no token', '', { KITES_URL: url }, /KITES_URL needs KITES_TOKEN: on the server run/],
    ['no https', '', { KITES_URL: 'first', KITES_TOKEN: 'x' }, /KITES_URL is like https:/],
    ['an odd argument', `'--node-label=a="b"'`, {}, /go into \/etc\/kites\/config.yaml/],
    ['a tree of other source', '', { KITES_TREE: '/usr' }, /was not built from/],
  ]
  for (const [name, args, variables, said] of cases) {
    const { status, stderr } = await agent.installer(args, variables)
    t.equal(status, 1, name)
    t.match(stderr, said, name)
  }
  const busy =
    "perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalPort => 6443, Listen => 1); sleep 30'"
  await agent.sh(`${busy} >/dev/null 2>&1 & sleep 1`)
  const taken = await agent.installer()
  t.match(taken.stderr, /port 6443 is taken by "perl",pid=\d+; stop that, or choose another/)
  await agent.sh('kill $(pidof perl)')
  await agent.sh('cp /bin/sleep /tmp/kubelet; /tmp/kubelet 30 >/dev/null 2>&1 &')
  t.match((await agent.installer()).stderr, /kubelet runs on this host already/)
  await agent.sh('kill $(pidof kubelet)')
  t.match((await agent.sh(`sh ${source}/packaging/install.sh --help`)).stdout, /KITES_TREE=DIR/)
  const nobody = await agent.sh(`setpriv --reuid 65534 sh ${source}/packaging/install.sh`)
  t.match(nobody.stderr, /run it as root|cannot open/i)
})

await t.test('the second machine joins by script and token', async t => {
  await timed(t, 'the server installed', async () => {
    const installed = await server.installer()
    t.equal(installed.status, 0, installed.stderr)
  })
  await server.copyKubeconfig()
  const token = (await server.sh('cat /var/lib/kites/server/node-token')).stdout.trim()
  await timed(t, 'a wrong token', async () => {
    const refused = await agent.installer('', { ...env, KITES_URL: url, KITES_TOKEN: 'wrong' })
    t.equal(refused.status, 1)
    t.match(refused.stderr, /token/, 'why')
    t.match(refused.stderr, /kites-agent does not stay up[^]*run the same command again/)
    t.notMatch(refused.stderr, /^ +at /m, 'no stack trace')
  })
  await timed(t, 'the agent installed', async () => {
    const joined = await agent.installer('', { ...env, KITES_URL: url, KITES_TOKEN: token })
    t.equal(joined.status, 0, joined.stderr)
    t.match(joined.stdout, `this node has joined ${url} and is Ready`)
  })
  t.match((await agent.sh('systemctl is-active kites-agent')).stdout, 'active')
  t.match(await server.ok(['get', 'nodes']), /first +Ready [^]*second +Ready /)
  // Its server and token are kept: an upgrade needs neither.
  const again = await agent.installer()
  t.equal(again.status, 0, again.stderr)
  t.match(again.stdout, 'nothing changed')
})

await t.test('pods spread, and both machines answer for the Service', async t => {
  for (const each of [server, agent]) await each.loadImages()
  await server.ok(['apply', '-f', '-'], SPREAD)
  await server.ok(['rollout', 'status', 'deployment/web', '--timeout=100s'])
  const nodes = await server.ok(['get', 'pods', '-o', 'jsonpath={.items[*].spec.nodeName}'])
  t.same([...new Set(nodes.split(' '))].sort(), ['first', 'second'])
  for (const machine of [first, second])
    await server.answers('1', 4, `http://${machine.address}:30080/`)
})

await t.test("a reboot of the agent's machine", async t => {
  await timed(t, 'rebooted and answering', async () => {
    await second.reboot()
    await server.answers('1', 4, `http://${second.address}:30080/`)
  })
  t.match((await agent.sh('systemctl is-active kites-agent')).stdout, 'active')
})

await t.test('the agent goes and leaves nothing', async t => {
  const removed = await agent.sh('kites-uninstall.sh', 300_000)
  t.equal(removed.status, 0, removed.stderr)
  const after = await tracesOf(second)
  for (const name of TRACE_NAMES) t.same(added(bare, after, name), [], `no new ${name}`)
  await until(
    async () => /second +NotReady/.test(await server.ok(['get', 'nodes'])),
    'the server to see it gone',
    90_000,
  )
})
