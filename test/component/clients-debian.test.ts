/**
 * The Python and Ruby clients that Debian packages (python3-kubernetes and ruby-kubeclient: years old, and in use) against
 * a real server over HTTPS. The scripts in test/support/clients say what they do; a fault shows all they wrote.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { connectRaw, echoNodes, type Fixture, startApi } from './api-fixture.ts'
import { running, startStreams } from './streams-fixture.ts'

const SCRIPTS = 'test/support/clients'
const DEADLINE_MS = 60_000
/** So few that a watch can come too late. */
const window = { bytes: 1024 * 1024, changes: 20, flightBytes: 1024 * 1024 }

const streams = await startStreams()
await streams.place(running('web'))
const server = createServer((request, response) => response.end(`served ${request.url ?? ''}`))
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo
t.teardown(async () => {
  await streams.close()
  server.closeAllConnections()
  server.close()
})

async function startFresh(t: Test, nodes = echoNodes()): Promise<Fixture> {
  const fixture = await startApi({ window, nodes })
  t.teardown(() => fixture.close())
  const raw = connectRaw(fixture)
  await raw.send('POST', '/api/v1/namespaces', { metadata: { name: 'default' } })
  raw.close()
  return fixture
}

/** Runs a script to its end; the lines it printed must be the steps. */
async function follow(
  t: Test,
  [program, ...args]: readonly [string, ...string[]],
  steps: readonly string[],
): Promise<void> {
  const child = spawn(program, args, {
    env: { PATH: '/usr/bin:/bin', HOME: streams.directory, LANG: 'C.UTF-8' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
  })
  const out: string[] = []
  const err: string[] = []
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk.toString()))
  const [code] = await once(child, 'close')
  const fault = code === 0 ? '' : err.join('')
  t.strictSame({ fault, steps: out.join('').split('\n').slice(0, -1) }, { fault: '', steps })
}

void t.test('python3-kubernetes', async t => {
  const nodes = echoNodes()
  const { kubeconfig, directory } = await startFresh(t, nodes)
  const args = [kubeconfig, streams.kubeconfig, String(port), directory]
  await follow(
    t,
    ['/usr/bin/python3', `${SCRIPTS}/python.py`, ...args],
    [
      'strict_certificates',
      'version_and_groups',
      'every_list_and_read',
      'typed_kinds',
      'patches',
      'orphans_evictions_and_leaders',
      'pages_and_selectors',
      'watches',
      'logs',
      'exec_stream',
      'port_forward',
      'dynamic',
      'custom_objects_and_files',
    ],
  )
  // Python writes `True`.
  t.match(nodes.seen.at(-1), /\?follow=true$/)
})

void t.test('ruby-kubeclient', async t => {
  const { kubeconfig } = await startFresh(t)
  await follow(
    t,
    ['/usr/bin/ruby', `${SCRIPTS}/ruby.rb`, kubeconfig],
    ['discovery', 'entities', 'patches', 'chunks', 'watches', 'logs_and_everything'],
  )
})
