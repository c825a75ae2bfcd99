/**
 * What a new user does on one machine, from README's first command to the uninstall, with a real kubectl on another
 * machine: the steps of the tests in test/machine, the same on every kind of machine. Each step prints how long it took.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { webArchive, type CommandResult } from './cluster.ts'
import { until } from './docker-host.ts'
import { runToEnd, type Machine } from './machine.ts'
import { added, TRACE_NAMES, tracesOf, type Traces } from './machine-traces.ts'

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
      terminationGracePeriodSeconds: 1
      containers:
        - name: web
          image: web:1
          ports: [{ name: http, containerPort: 80 }]
          readinessProbe: { httpGet: { path: /, port: http }, periodSeconds: 1 }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  type: NodePort
  selector: { app: web }
  ports: [{ name: http, port: 8080, targetPort: http, nodePort: 30080 }]
`

/** With a backend drawn for each connection, one of three is missed by 40 questions once in three million runs. */
const QUESTIONS = 40

export interface JourneyOptions {
  readonly machine: Machine
  /** The clone, as the machine sees it. */
  readonly source: string
  /** A folder of the test's own on this side. */
  readonly directory: string
  /** Variables of the installer. */
  readonly env?: Readonly<Record<string, string>>
  /** How much slower than this machine it is. */
  readonly slowness?: number
  readonly hasSystemd?: boolean
}

export class Journey {
  readonly #options: JourneyOptions
  readonly #kubeconfig: string
  readonly #slowness: number
  readonly #hasSystemd: boolean
  #bare: Traces = {}

  constructor(options: JourneyOptions) {
    this.#options = options
    this.#kubeconfig = join(options.directory, 'kubeconfig.yaml')
    this.#slowness = options.slowness ?? 1
    this.#hasSystemd = options.hasSystemd ?? true
  }

  /** Every step, each as a subtest with its duration. */
  async walk(t: Test): Promise<void> {
    this.#bare = await tracesOf(this.#options.machine)
    const steps: readonly (readonly [string, (t: Test) => Promise<void>])[] = [
      ['the first command installs, starts and says what next', t => this.#install(t)],
      ['again changes nothing and says so', t => this.#again(t)],
      ['a Deployment answers on its NodePort, its ClusterIP and its name', t => this.#deploy(t)],
      ['scale, set image, undo, logs, exec', t => this.#change(t)],
      ['kill -9 of the server: it starts again, containers stay', t => this.#kill(t)],
      ['a reboot brings everything back', t => this.#reboot(t)],
      ['uninstall leaves nothing', t => this.#uninstall(t)],
    ]
    for (const [name, step] of steps) {
      // A step stands on those before it.
      if (!t.passing()) break
      await t.test(name, async t => {
        const started = performance.now()
        await step(t)
        t.comment(`${((performance.now() - started) / 1000).toFixed(1)} s: ${name}`)
      })
    }
  }

  sh(script: string, timeoutMs = 60_000): Promise<CommandResult> {
    return this.#options.machine.exec(['sh', '-c', script], timeoutMs * this.#slowness)
  }

  /** The installer as a user calls it. */
  installer(args = '', env = this.#options.env ?? {}): Promise<CommandResult> {
    const variables = Object.entries(env).map(([name, value]) => `${name}='${value}'`)
    const command = `${variables.join(' ')} sh ${this.#options.source}/packaging/install.sh ${args}`
    return this.sh(command, 600_000)
  }

  /** kubectl on this side must succeed; what it printed. */
  async ok(args: readonly string[], input = ''): Promise<string> {
    const command = ['kubectl', '--kubeconfig', this.#kubeconfig, ...args]
    const result = await runToEnd(command, 120_000 * this.#slowness, { input })
    if (result.status !== 0)
      throw new Error(
        `kubectl ${args.join(' ')}: ${result.stdout}${result.stderr}${await this.#state()}`,
      )
    return result.stdout
  }

  /** What a failing step shows. */
  async #state(): Promise<string> {
    const log = this.#hasSystemd
      ? 'journalctl -u kites -o cat -n 15'
      : 'tail -n 15 /var/log/kites.log'
    const list = 'kites kubectl get pods; kites kubectl get events | tail -n 15'
    return (await this.sh(`echo; ${list}; ${log}`)).stdout
  }

  async copyKubeconfig(): Promise<void> {
    const { stdout } = await this.sh('cat /etc/kites/kites.yaml')
    const { address } = this.#options.machine
    writeFileSync(this.#kubeconfig, stdout.replace('//127.0.0.1:', `//${address}:`))
  }

  async loadImages(): Promise<void> {
    for (const version of ['1', '2']) {
      await this.#options.machine.put(`/var/tmp/web${version}.tar`, await webArchive(version))
      const engine = 'curl -fsS --unix-socket /var/run/docker.sock'
      const load = `${engine} -H 'Content-Type: application/x-tar' --data-binary @/var/tmp/web${version}.tar http://docker/images/load; rm /var/tmp/web${version}.tar`
      const { stdout, stderr } = await this.sh(load)
      if (!stdout.includes('Loaded')) throw new Error(`image ${version}: ${stdout}${stderr}`)
    }
  }

  /** Which pods have answered with that version, after as many questions as it takes. */
  async answers(version: string, count: number, url?: string): Promise<void> {
    const seen = new Set<string>()
    const target = url ?? `http://${this.#options.machine.address}:30080/`
    await until(
      async () => {
        const { stdout } = await runToEnd(['curl', '-s', '-m', '3', target], 5000)
        if (stdout.startsWith(`v${version} `)) seen.add(stdout)
        return seen.size >= count
      },
      `${count} pods of v${version} to answer`,
      90_000 * this.#slowness,
    )
  }

  async #install(t: Test): Promise<void> {
    const installed = await this.installer()
    t.equal(installed.status, 0, installed.stderr)
    t.match(installed.stdout, 'the node is Ready. What next:')
    t.comment(installed.stdout)
    if (this.#hasSystemd) t.match((await this.sh('systemctl is-active kites')).stdout, 'active')
    else {
      t.match(installed.stdout, 'no systemd here: starting kites in the background')
      t.equal((await this.sh('kill -0 $(cat /run/kites.pid)')).status, 0)
    }
    t.match((await this.sh('cd /; kites kubectl get nodes')).stdout, / Ready /)
    await this.copyKubeconfig()
    t.match(await this.ok(['get', 'nodes']), / Ready /, 'kubectl from another machine')
    await this.loadImages()
  }

  /** Process id of the server, as the machine counts. */
  async #serverPID(): Promise<string> {
    const ask = this.#hasSystemd ? 'systemctl show kites -p MainPID --value' : 'cat /run/kites.pid'
    const { stdout } = await this.sh(ask)
    if (!(Number(stdout) > 1)) throw new Error(`kites does not run: "${stdout}"`)
    return stdout.trim()
  }

  async #again(t: Test): Promise<void> {
    const before = await this.#serverPID()
    const again = await this.installer()
    t.equal(again.status, 0, again.stderr)
    t.match(again.stdout, 'already installed and running; nothing changed')
    t.equal(await this.#serverPID(), before, 'the server was not restarted')
  }

  async #deploy(t: Test): Promise<void> {
    t.match(await this.ok(['apply', '-f', '-'], MANIFEST), 'deployment.apps/web created')
    await this.#rolledOut(t)
    await this.answers('1', 3)
    const clusterIP = await this.ok(['get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}'])
    for (const host of [clusterIP, 'web', 'web.default.svc.cluster.local']) {
      const script = `for i in $(seq ${QUESTIONS}); do wget -q -O - http://${host}:8080/; done`
      const said = await this.ok(['exec', 'deployment/web', '--', 'sh', '-c', script])
      t.equal(new Set(said.trim().split('\n')).size, 3, `all pods behind ${host}, from a pod`)
    }
  }

  async #rolledOut(t: Test): Promise<void> {
    t.match(
      await this.ok(['rollout', 'status', 'deployment/web', `--timeout=${60 * this.#slowness}s`]),
      'successfully rolled out',
    )
  }

  /** So many pods are left, the others gone and not only ending. */
  async #only(count: number): Promise<void> {
    await until(
      async () =>
        (await this.ok(['get', 'pods', '-l', 'app=web', '-o', 'name'])).trim().split('\n')
          .length === count,
      `${count} pods to be left`,
      60_000 * this.#slowness,
    )
  }

  async #change(t: Test): Promise<void> {
    await this.ok(['scale', 'deployment/web', '--replicas=5'])
    await this.#rolledOut(t)
    await this.answers('1', 5)
    await this.ok(['scale', 'deployment/web', '--replicas=1'])
    await this.#only(1)
    await this.ok(['scale', 'deployment/web', '--replicas=3'])
    await this.#rolledOut(t)
    await this.ok(['set', 'image', 'deployment/web', 'web=web:2'])
    await this.#rolledOut(t)
    await this.answers('2', 3)
    await this.ok(['rollout', 'undo', 'deployment/web'])
    await this.#rolledOut(t)
    await this.answers('1', 3)
    t.match(await this.ok(['logs', 'deployment/web']), 'serving v1')
    t.match(await this.ok(['exec', 'deployment/web', '--', 'hostname']), /^web-/)
    t.match(await this.ok(['describe', 'nodes']), /Ready +True/)
    t.match(await this.ok(['describe', 'deployment', 'web']), '3 desired | 3 updated | 3 total')
    await this.#stay(t)
    await this.ok(['create', 'deployment', 'gone', '--image=web:1'])
    await this.ok(['rollout', 'status', 'deployment/gone', `--timeout=${60 * this.#slowness}s`])
    t.match(await this.ok(['delete', 'deployment', 'gone']), 'deleted')
    await until(
      async () => !(await this.ok(['get', 'pods'])).includes('gone'),
      'its pods to go',
      60_000 * this.#slowness,
    )
  }

  /** What stays until the user ends it, and what needs a terminal. */
  async #stay(t: Test): Promise<void> {
    const kubectl = `kubectl --kubeconfig ${this.#kubeconfig}`
    const seconds = 3 * this.#slowness
    for (const [command, said] of [
      [`${kubectl} logs -f deployment/web`, /serving v1/],
      [`${kubectl} get pods -w`, /web-.*Running/],
    ] as const) {
      const shell = ['sh', '-c', `timeout ${seconds} ${command}`]
      const { status, stdout } = await runToEnd(shell, 60_000 * this.#slowness)
      t.equal(status, 124, `${command} stays`)
      t.match(stdout, said)
    }
    const inside = `${kubectl} exec -it deployment/web -- tty`
    const { stdout } = await runToEnd(['script', '-qec', inside, '/dev/null'], 60_000)
    t.match(stdout, '/dev/pts/', 'exec -it has a terminal')
  }

  async #containers(): Promise<string> {
    const list = 'curl -s --unix-socket /var/run/docker.sock http://docker/containers/json'
    const { stdout } = await this.sh(list)
    const ids = [...stdout.matchAll(/"Id":"([0-9a-f]{64})"/g)].map(([, id = '']) => id)
    return ids.sort((a, b) => a.localeCompare(b)).join(' ')
  }

  async #kill(t: Test): Promise<void> {
    const before = await this.#containers()
    t.match(before, / /, 'containers run')
    await this.sh(`kill -9 ${await this.#serverPID()}`)
    if (!this.#hasSystemd) {
      const again = await this.installer()
      t.equal(again.status, 0, again.stderr)
      t.match(again.stdout, 'starting kites in the background')
    }
    await until(
      async () => (await this.sh('kites kubectl get nodes')).stdout.includes(' Ready '),
      'the server to be back',
      60_000 * this.#slowness,
    )
    t.equal(await this.#containers(), before, 'the same containers')
    await this.answers('1', 3)
  }

  async #reboot(t: Test): Promise<void> {
    const started = performance.now()
    await this.#options.machine.reboot()
    t.comment(`${((performance.now() - started) / 1000).toFixed(1)} s: down and up again`)
    // Without systemd nothing starts at boot but what the user starts.
    if (!this.#hasSystemd) t.equal((await this.installer()).status, 0)
    await this.answers('1', 3)
    await this.#rolledOut(t)
    t.match(await this.ok(['get', 'pods']), /web-.*1\/1\s+Running/)
  }

  async #uninstall(t: Test): Promise<void> {
    const removed = await this.sh('kites-uninstall.sh', 300_000)
    t.equal(removed.status, 0, removed.stderr)
    t.equal(removed.stderr, '')
    t.match(removed.stdout, 'done')
    t.comment(removed.stdout)
    const after = await tracesOf(this.#options.machine)
    for (const name of TRACE_NAMES) t.same(added(this.#bare, after, name), [], `no new ${name}`)
  }
}
