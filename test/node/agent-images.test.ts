/** Images: pulled from a registry, refused by one, and a web server probed over HTTP; host network and terminals. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Duplex, PassThrough } from 'node:stream'
import t from 'tap'
import { CHANNEL, encodeFrame, FrameReader } from '#client/node-api.ts'
import { AgentBed, aPod, isReady } from '../support/agent-bed.ts'
import { until } from '../support/docker-host.ts'
import { webArchive } from '../support/web-image.ts'

const bed = await AgentBed.start()
const registryRoot = await mkdtemp(join(tmpdir(), 'kites-registry-'))
const registry = await startRegistry().catch(async (error: unknown) => {
  await bed.close()
  throw error
})
bed.startAgent()
t.teardown(async () => {
  registry.kill('SIGKILL')
  await bed.close()
  await rm(registryRoot, { recursive: true, force: true })
})

/** Debian's registry, on the host's own loopback, where Docker needs no TLS. */
async function startRegistry() {
  const config = join(registryRoot, 'config.yml')
  await writeFile(
    config,
    `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${registryRoot}/data}}\nhttp: {addr: 127.0.0.1:5000}\n`,
  )
  const child = spawn(
    'setpriv',
    [
      '--pdeathsig',
      'KILL',
      'nsenter',
      `--net=/proc/${bed.host.initPID}/ns/net`,
      'docker-registry',
      'serve',
      config,
    ],
    { stdio: 'ignore' },
  )
  const answers = (): Promise<boolean> =>
    bed.host.exec(['busybox', 'wget', '-qO-', 'http://127.0.0.1:5000/v2/']).then(
      () => true,
      () => false,
    )
  await until(answers, 'registry', 10_000)
  return child
}

void t.test('an image is pulled when it is missing, and says how long it took', async t => {
  const reference = '127.0.0.1:5000/box:1'
  await bed.host.docker('POST', `/images/busybox:local/tag?repo=127.0.0.1:5000/box&tag=1`)
  await bed.host.exec(['docker', 'push', reference])
  await bed.host.docker('DELETE', `/images/${reference}`)
  await bed.create('pods', aPod('pull', { image: reference }))
  const status = await bed.untilPod('pull', isReady)
  t.match(status.containerStatuses, [
    { imageID: /^docker-pullable:\/\/127\.0\.0\.1:5000\/box@sha256:/u },
  ])
  await until(() => bed.events('pull').length >= 4, 'events', 5000)
  t.match(bed.events('pull'), [
    'Pulling: Pulling image "127.0.0.1:5000/box:1"',
    /^Pulled: Successfully pulled image "127\.0\.0\.1:5000\/box:1" in \S+ \(\S+ including waiting\)\. Image size: \d+ bytes\.$/u,
    'Created: Container created',
    'Started: Container started',
  ])
  await bed.delete('pods', 'pull')
})

void t.test('a pull that fails says why and backs off', async t => {
  await bed.create('pods', aPod('nopull', { image: '127.0.0.1:5000/none:1' }))
  const waiting = (reason: string) =>
    bed.untilPod(
      'nopull',
      ({ containerStatuses }) => containerStatuses?.[0]?.state.waiting?.reason === reason,
    )
  const failed = await waiting('ErrImagePull')
  t.match(failed.containerStatuses?.[0]?.state.waiting?.message, /manifest unknown|not found/u)
  await until(() => bed.events('nopull').includes('Failed: Error: ErrImagePull'), 'event', 5000)
  const backing = await waiting('ImagePullBackOff')
  t.match(
    backing.containerStatuses?.[0]?.state.waiting?.message,
    /^Back-off pulling image "127\.0\.0\.1:5000\/none:1": ErrImagePull: /u,
  )
  await bed.delete('pods', 'nopull')
  await until(() => bed.api.get('pods', 'nopull') === undefined, 'gone', 5000)
})

void t.test('a web server in the network of the host', async t => {
  await bed.host.loadImage(await webArchive('web:1', 'v1'))
  await bed.create('pods', {
    ...(aPod('web') as object),
    spec: {
      nodeName: 'node-1',
      hostNetwork: true,
      terminationGracePeriodSeconds: 5,
      containers: [{ name: 'c', image: 'web:1', imagePullPolicy: 'IfNotPresent' }],
    },
  })
  const status = await bed.untilPod('web', isReady)
  t.equal(status.podIP, '172.30.0.1')
  const fetched = async (): Promise<string> =>
    (await bed.host.exec(['busybox', 'wget', '-qO-', 'http://127.0.0.1/'])).stdout
  await until(
    () =>
      fetched().then(
        text => text === 'v1 agent\n',
        () => false,
      ),
    'an answer',
    5000,
  )
  await bed.delete('pods', 'web')
  await until(() => bed.api.get('pods', 'web') === undefined, 'gone', 10_000)
})

void t.test('a terminal has one output, a size, and ends with its shell', async t => {
  await bed.create('pods', aPod('tty'))
  await bed.untilPod('tty', isReady)
  const serve = await bed.handler.connect({
    method: 'POST',
    path: '/exec/default/tty/c?command=sh&input=1&output=1&tty=1',
    headers: {},
  })
  const there = new PassThrough()
  const back = new PassThrough()
  const served = serve(
    Duplex.from({ readable: there, writable: back }),
    AbortSignal.timeout(15_000),
  )
  let shown = ''
  let status = ''
  const reader = new FrameReader()
  back.on('data', (chunk: Buffer) => {
    for (const { channel, payload } of reader.push(chunk)) {
      if (channel === CHANNEL.stdout) shown += payload.toString()
      if (channel === CHANNEL.error) status += payload.toString()
    }
  })
  there.write(encodeFrame(CHANNEL.resize, Buffer.from('{"Width":111,"Height":33}')))
  there.write(encodeFrame(CHANNEL.stdin, Buffer.from('stty size; tty; exit 4\n')))
  await served
  t.match(shown, /33 111/u)
  t.match(shown, /\/dev\/pts\/\d/u)
  t.match(JSON.parse(status), { details: { causes: [{ message: '4' }] } })
  await bed.delete('pods', 'tty')
})

void t.test('attach sees what the program says from then on', async t => {
  await bed.create(
    'pods',
    aPod('said', { command: ['sh', '-c', 'read line; echo "got $line"; sleep 1000'], stdin: true }),
  )
  await bed.untilPod('said', isReady)
  const serve = await bed.handler.connect({
    method: 'POST',
    path: '/attach/default/said/c?input=1&output=1',
    headers: {},
  })
  const there = new PassThrough()
  const back = new PassThrough()
  const stop = new AbortController()
  const served = serve(Duplex.from({ readable: there, writable: back }), stop.signal)
  let shown = ''
  const reader = new FrameReader()
  back.on('data', (chunk: Buffer) => {
    for (const { payload } of reader.push(chunk)) shown += payload.toString()
  })
  there.write(encodeFrame(CHANNEL.stdin, Buffer.from('this\n')))
  await until(() => shown.includes('got this'), 'its answer', 5000)
  stop.abort()
  await served
  t.match(bed.status('said').containerStatuses, [{ state: { running: {} } }], 'it runs on')
  await bed.delete('pods', 'said', { gracePeriodSeconds: 1 })
})
