/**
 * README's first command on a bare Debian machine with systemd, as a new user has it: nothing preinstalled, then a
 * Deployment, a reboot, the installer once more, and uninstall. Needs the package registries; part of test/long.sh.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { webArchive } from '#test/support/cluster.ts'
import { until } from '#test/support/docker-host.ts'
import { SystemdMachine } from '#test/support/systemd-machine.ts'

const MANIFEST = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers: [{ name: web, image: web:1, ports: [{ containerPort: 80 }] }]
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  type: NodePort
  selector: { app: web }
  ports: [{ port: 80, nodePort: 30080 }]
`

const machine = await SystemdMachine.start('install', 8)
t.teardown(() => machine.close())

/** What the machine looks like from outside a package manager: what uninstall must give back. */
const traces = (): string[] =>
  ['usr/local/lib', 'usr/local/bin', 'etc/systemd/system', 'etc', 'var/lib', 'run'].flatMap(folder =>
    readdirSync(join(machine.root, folder)).map(name => `/${folder}/${name}`),
  )

const shell = (script: string, timeoutMs?: number) => machine.exec(['sh', '-c', script], timeoutMs)
const answers = (): Set<string> => {
  const lines = Array.from({ length: 20 }, () =>
    execFileSync('curl', ['-s', '-m', '3', `http://${machine.address}:30080/`], { encoding: 'utf8' }).trim(),
  )
  return new Set(lines.filter(line => line.startsWith('v1 ')))
}
const tryAnswers = (): number => {
  try {
    return answers().size
  } catch {
    return 0
  }
}
const before = traces()
const links = (): string => shell('ip -o link | cut -d: -f2; ip route; nft list ruleset 2>/dev/null').stdout
const linksBefore = shell('ip -o link | cut -d: -f2; ip route').stdout

t.test('the first command installs, starts and says what next', async t => {
  const { mtimeMs } = { mtimeMs: performance.now() }
  execFileSync('sh', ['-c', `mkdir -p ${machine.root}/root/kites && tar -cf - --exclude=node_modules --exclude=dist --exclude=.git . | tar -xf - -C ${machine.root}/root/kites`])
  const installed = machine.exec(['sh', '/root/kites/packaging/install.sh'], 400_000)
  t.equal(installed.status, 0, installed.stderr)
  t.match(installed.stdout, 'the node is Ready. What next:')
  t.comment(`installed in ${((performance.now() - mtimeMs) / 1000).toFixed(0)} s`)
  t.match(shell('systemctl is-active kites').stdout, 'active')
  // Deleting the clone breaks nothing.
  shell('mv /root/kites /root/elsewhere')
  t.match(shell('kites kubectl get nodes').stdout, / Ready /)
  shell('mv /root/elsewhere /root/kites')
})

t.test('again changes nothing and says so', async t => {
  const before = shell('systemctl show kites -p MainPID').stdout
  const again = machine.exec(['sh', '/root/kites/packaging/install.sh'], 100_000)
  t.equal(again.status, 0)
  t.match(again.stdout, 'already installed and running; nothing changed')
  t.equal(shell('systemctl show kites -p MainPID').stdout, before, 'the server was not restarted')
})

t.test('a Deployment runs and answers on its NodePort, also after a reboot', async t => {
  writeFileSync(join(machine.root, 'root/web.tar'), await webArchive('1'))
  t.equal(shell('docker load -i /root/web.tar').status, 0)
  writeFileSync(join(machine.root, 'root/web.yaml'), MANIFEST)
  const applied = shell('kites kubectl apply -f /root/web.yaml')
  t.equal(applied.stdout, 'deployment.apps/web created\nservice/web created\n', applied.stderr)
  await until(() => tryAnswers() === 3, 'all three pods to answer', 60_000)
  await machine.reboot()
  await until(() => tryAnswers() === 3, 'all three pods to answer after the reboot', 90_000)
  t.match(shell('systemctl is-active kites').stdout, 'active')
  t.match(shell('kites kubectl get pods').stdout, /web-.*1\/1\s+Running/)
})

t.test('kill -9 of the server: systemd starts it, pods stay', async t => {
  const ids = shell('docker ps -q --no-trunc | sort').stdout
  shell('kill -9 $(systemctl show kites -p MainPID --value)')
  await until(() => / Ready /.test(shell('kites kubectl get nodes').stdout), 'the server to be back', 60_000)
  t.equal(shell('docker ps -q --no-trunc | sort').stdout, ids, 'the same containers')
  t.equal(tryAnswers(), 3)
})

t.test('uninstall leaves nothing', async t => {
  const removed = machine.exec(['kites-uninstall.sh'], 300_000)
  t.equal(removed.status, 0, removed.stderr)
  t.match(removed.stdout, 'done')
  const known = new Set(before)
  t.same(traces().filter(path => !known.has(path) && !/ld\.so\.cache|apparmor|systemd$/.test(path)), [], 'no new files')
  t.equal(links().replace(/table .*[^]*/, ''), linksBefore, 'links and routes as before')
})
