/**
 * A real API server whose one node is the agent's own handler over a runtime that runs commands on this machine: exec,
 * attach, port-forward and proxies from client to process, without Docker. Not a test itself.
 */
import { spawn } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Duplex, PassThrough, type Writable } from 'node:stream'
import { createNodeHandler } from '#agent/api/handler.ts'
import type { ExecOptions, Runtime, StreamSession } from '#agent/runtime/runtime.ts'
import type { Pod } from '#api/types/core-v1.ts'
import { systemClock } from '#base/clock.ts'
import type { NodeConnector } from '#client/node-api.ts'
import { connectRaw, type Fixture, startApi } from './api-fixture.ts'

/** What stands for this machine's loopback, which is never proxied to. */
export const POD_ADDRESS = '10.42.0.9'
const LOOPBACK = '127.0.0.1'

export interface Sizes {
  readonly seen: string[]
}

/** A kubectl of another version, where one lies beside the one that PATH finds. */
export function kubectlOf(version: string): string | undefined {
  const found = (process.env['PATH'] ?? '').split(':').find(path => existsSync(`${path}/kubectl`))
  if (found === undefined) return undefined
  const path = join(dirname(realpathSync(`${found}/kubectl`)), `kubectl.${version}`)
  return existsSync(path) ? path : undefined
}

/** Those that differ on the wire: SPDY for all, WebSocket for commands, WebSocket for all. */
export const KUBECTLS = ['1.27', '1.30', '1.33'].flatMap(version => {
  const program = kubectlOf(version)
  return program === undefined ? [] : [{ version, program }]
})

export const running = (name: string, more: Partial<Pod['status']> = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: {
    nodeName: 'node-1',
    containers: [
      { name: 'c', image: 'i', stdin: true, tty: false, ports: [{ containerPort: 80 }] },
    ],
  },
  status: {
    phase: 'Running',
    podIP: POD_ADDRESS,
    podIPs: [{ ip: POD_ADDRESS }],
    containerStatuses: [
      {
        name: 'c',
        image: 'i',
        imageID: 'i',
        ready: true,
        restartCount: 0,
        containerID: 'docker://c1',
        state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
      },
    ],
    ...more,
  },
})

/** A command that ends without reading closes its input, which is no fault. */
const duplexOf = (writable: Writable): Duplex =>
  Duplex.from({ writable, readable: new PassThrough() }).on('error', () => {})

const run = ({ command, stdin }: ExecOptions, sizes: Sizes): StreamSession => {
  const [program = '', ...args] = command
  const child = spawn(program, args, { stdio: [stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'] })
  const ended = new Promise<number>(resolve => child.once('close', code => resolve(code ?? 137)))
  child.stdin?.on('error', () => {})
  const { stdin: input, stdout, stderr } = child
  if (stdout === null || stderr === null) throw new Error('no output')
  return {
    stdin: input === null ? undefined : duplexOf(input),
    stdout,
    stderr,
    resize: async ({ columns, rows }) => void sizes.seen.push(`${columns}x${rows}`),
    exitCode: () => ended,
    close() {
      // One that has said everything is about to end by itself, with a code of its own.
      if (!stdout.readableEnded || !stderr.readableEnded) child.kill('SIGKILL')
    },
  }
}

export interface StreamsFixture extends Fixture {
  readonly sizes: Sizes
  /** Breaks every stream to the node, as a lost tunnel does; how many there were. */
  sever(): number
  /** Creates the pod and writes its status. */
  place(pod: ReturnType<typeof running>): Promise<void>
}

export async function startStreams(): Promise<StreamsFixture> {
  const pods = new Map<string, Pod>()
  const sizes: Sizes = { seen: [] }
  const open = new Set<Duplex>()
  const runtime = {
    exec: async (_id: string, options: ExecOptions) => run(options, sizes),
    attach: async (_id: string, options: Omit<ExecOptions, 'command'>) =>
      run({ ...options, command: ['sh', '-c', 'echo attached; cat'] }, sizes),
    observe: async () => ({
      sandboxes: [{ id: 's1', pid: process.pid, hostNetwork: true, state: 'ready' }],
      containers: [],
    }),
  } as unknown as Runtime
  const handler = createNodeHandler({
    nodeName: 'node-1',
    nodeIPs: [LOOPBACK],
    runtime,
    clock: systemClock,
    pods: {
      get: (namespace, name) => pods.get(`${namespace}/${name}`),
      list: () => [...pods.values()],
    },
  })
  const nodes: NodeConnector = {
    request: (_node, request, signal) => handler.request(request, signal),
    connect: async (_node, request, signal) => {
      const path = request.path.replace(POD_ADDRESS, LOOPBACK)
      const serve = await handler.connect({ ...request, path })
      const there = new PassThrough()
      const back = new PassThrough()
      const far = Duplex.from({ readable: there, writable: back })
      void serve(far, signal).then(() => far.end())
      const near = Duplex.from({ readable: back, writable: there })
      open.add(near)
      near.once('close', () => open.delete(near))
      return near
    },
  }
  const api = await startApi({ nodes })
  const raw = connectRaw(api)
  await raw.send('POST', '/api/v1/namespaces', { metadata: { name: 'default' } })
  return {
    ...api,
    sizes,
    sever() {
      const { size } = open
      for (const stream of open) stream.destroy(new Error('the tunnel is gone'))
      return size
    },
    async place(pod) {
      const path = '/api/v1/namespaces/default/pods'
      const { name } = pod.metadata
      await raw.send('POST', path, pod)
      const written = await raw.send('GET', `${path}/${name}`)
      const next = { ...written.body, status: pod.status }
      const { status, text } = await raw.send('PUT', `${path}/${name}/status`, next)
      if (status !== 200) throw new Error(text)
      pods.set(`default/${name}`, JSON.parse(text))
    },
    async close(options) {
      raw.close()
      await api.close(options)
    },
  }
}
