/** Upstream's conformance tests of kubectl against the API alone, step by step, with the real kubectl. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startApi } from '../component/api-fixture.ts'

const fixture = await startApi()
t.teardown(() => fixture.close())
await fixture.kubectl(['create', 'namespace', 'default'])

const OLD_IMAGE = 'docker.io/library/httpd:2.4.38-alpine'
const NEW_IMAGE = 'docker.io/library/busybox:1.29'
const START_DEADLINE_MS = 15_000

const deployment = (image: string): string =>
  JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'httpd-deployment' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'httpd' } },
      template: {
        metadata: { labels: { app: 'httpd' } },
        spec: { containers: [{ name: 'httpd', image, ports: [{ containerPort: 80 }] }] },
      },
    },
  })

async function told(t: Test, args: readonly string[], items: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await fixture.kubectl(args)
  t.equal(code, 0, stderr)
  for (const item of items) t.ok(stdout.includes(item), `${item} in: ${stdout}`)
}

/** Runs `kubectl proxy` until the work is done; `line` is what it says first. */
async function withProxy(
  flags: readonly string[],
  work: (line: string) => Promise<void>,
): Promise<void> {
  const child = spawn('kubectl', ['proxy', ...flags], {
    env: { PATH: process.env['PATH'], HOME: fixture.directory, KUBECONFIG: fixture.kubeconfig },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    await work(await firstLine(child))
  } finally {
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('kubectl said nothing')), START_DEADLINE_MS)
    child.once('error', reject)
    child.stdout?.once('data', (chunk: Buffer) => {
      clearTimeout(timer)
      resolve(chunk.toString())
    })
  })
}

function get(options: http.RequestOptions): Promise<{ readonly versions?: readonly string[] }> {
  return new Promise((resolve, reject) => {
    const request = http.get(options, async response => {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(Buffer.from(chunk))
      // The seam to the API's JSON; what is missing shows in the assertion.
      resolve(JSON.parse(Buffer.concat(chunks).toString()) as { versions?: string[] })
    })
    request.once('error', reject)
  })
}

void t.test(
  '[sig-cli] Kubectl client Kubectl api-versions should check if v1 is in available api versions [Conformance]',
  async t => {
    const { code, stdout } = await fixture.kubectl(['api-versions'])
    t.equal(code, 0)
    t.ok(stdout.split('\n').includes('v1'))
  },
)

void t.test(
  '[sig-cli] Kubectl client Kubectl cluster-info should check if Kubernetes control plane services is included in cluster-info [Conformance]',
  t => told(t, ['cluster-info'], ['Kubernetes control plane', 'is running at']),
)

void t.test(
  '[sig-cli] Kubectl client Kubectl diff should check if kubectl diff finds a difference for Deployments [Conformance]',
  async t => {
    const made = await fixture.kubectl(['create', '-f', '-'], deployment(OLD_IMAGE))
    t.equal(made.code, 0, made.stderr)
    const same = await fixture.kubectl(['diff', '-f', '-'], deployment(OLD_IMAGE))
    t.equal(same.code, 0, `what is there already does not differ: ${same.stdout}${same.stderr}`)
    const { code, stdout, stderr } = await fixture.kubectl(
      ['diff', '-f', '-'],
      deployment(NEW_IMAGE),
    )
    t.equal(code, 1, stderr)
    t.match(stdout, new RegExp(`^-\\s+- image: ${OLD_IMAGE}`, 'm'))
    t.match(stdout, new RegExp(`^\\+\\s+- image: ${NEW_IMAGE}`, 'm'))
    const gone = await fixture.kubectl(['delete', '-f', '-'], deployment(NEW_IMAGE))
    t.equal(gone.code, 0, gone.stderr)
  },
)

void t.test(
  '[sig-cli] Kubectl client Kubectl version should check is all data is printed [Conformance]',
  t => told(t, ['version'], ['Client Version: ', 'Server Version: ']),
)

void t.test(
  '[sig-cli] Kubectl client Proxy server should support --unix-socket=/path [Conformance]',
  async t => {
    const socketPath = join(fixture.directory, 'proxy')
    await withProxy([`--unix-socket=${socketPath}`], async line => {
      t.match(line, 'Starting to serve on')
      const { versions = [] } = await get({ socketPath, path: '/api' })
      t.ok(versions.includes('v1'))
    })
  },
)

void t.test(
  '[sig-cli] Kubectl client Proxy server should support proxy with --port 0 [Conformance]',
  async t => {
    await withProxy(['-p', '0', '--disable-filter'], async line => {
      const port = Number(/Starting to serve on 127\.0\.0\.1:(\d+)/.exec(line)?.[1])
      const { versions = [] } = await get({ host: '127.0.0.1', port, path: '/api/' })
      t.ok(versions.includes('v1'))
    })
  },
)
