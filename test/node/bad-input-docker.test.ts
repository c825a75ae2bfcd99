/** A server whose agent finds no Docker: the node says why it is not ready, and is as soon as an Engine comes. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { makeTree, removeTree, runToEnd, until } from '../support/server-child.ts'

const folder = mkdtempSync(join(tmpdir(), 'kites-no-docker-'))
const socket = join(folder, 'docker.sock')
const tree = makeTree()
const children: ChildProcess[] = []

/** Ends what was started, newest first, and waits for each. */
async function endAll(): Promise<void> {
  for (const child of children.toReversed()) {
    const ended = new Promise(resolve => child.once('close', resolve))
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGTERM')
    await ended
  }
}

t.teardown(async () => {
  await endAll()
  execFileSync('sh', [
    '-c',
    'grep -o " $1[^ ]*" /proc/self/mounts | sort -r | xargs -r umount -l',
    'sh',
    folder,
  ])
  rmSync(folder, { recursive: true, force: true })
  removeTree(tree)
})

function start(command: string, args: readonly string[]): ChildProcess {
  const child = spawn(command, args, { stdio: 'ignore' })
  children.push(child)
  return child
}

/** A host of its own: one link, one address, a private /etc/kites. */
const HOST = `ip link set lo up
ip link add near type veth peer name far && ip link set far up && ip link set near up
ip addr add 192.0.2.9/24 dev near && ip route add default via 192.0.2.1
mkdir -p /etc/kites && mount -t tmpfs none /etc/kites
exec "$@"`

void t.test('no Docker, then Docker', async t => {
  const args = ['server', '--data-dir', join(folder, 'data'), '--docker-socket', socket]
  const node = ['--node-name', 'lonely', '--https-listen-port', '6443']
  const server = start('unshare', [
    '-n',
    '-m',
    'sh',
    '-c',
    HOST,
    'sh',
    tree.kites,
    ...args,
    ...node,
  ])
  const within = ['-t', String(server.pid), '-n', '-m']
  const ready = async (): Promise<string> => {
    const path =
      '{range .status.conditions[?(@.type=="Ready")]}{.status} {.reason}: {.message}{end}'
    const kubectl = ['kubectl', '--kubeconfig', '/etc/kites/kites.yaml', 'get', 'node', 'lonely']
    const ran = await runToEnd('nsenter', [...within, ...kubectl, '-o', `jsonpath=${path}`], {
      asRoot: true,
    })
    return ran.stdout
  }
  let condition = ''
  await until(async () => {
    condition = await ready()
    return condition !== ''
  }, 30_000)
  t.equal(
    condition,
    `False KubeletNotReady: container runtime is down: Docker Engine: connect ENOENT ${socket}`,
  )
  const roots = ['data-root', 'exec-root'].map(name => {
    mkdirSync(join(folder, name))
    return `--${name}=${join(folder, name)}`
  })
  const engine = ['--bridge=none', '--iptables=false', `--pidfile=${join(folder, 'pid')}`]
  start('nsenter', [...within, 'dockerd', ...roots, ...engine, `--host=unix://${socket}`])
  await until(async () => (await ready()).startsWith('True '), 40_000)
  t.equal(server.exitCode, null)
})
