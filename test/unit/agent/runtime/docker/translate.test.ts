/** Our words to the Engine's and back. */
import t from 'tap'
import { chooseVersion, transportError } from '#agent/runtime/docker/engine.ts'
import { parseEvent } from '#agent/runtime/docker/events.ts'
import { withTag } from '#agent/runtime/docker/images.ts'
import {
  cgroupParent,
  containerBody,
  containerState,
  epochMs,
  sandboxBody,
  sandboxState,
} from '#agent/runtime/docker/translate.ts'
import type { WireContainer } from '#agent/runtime/docker/wire.ts'
import type { ContainerConfig, SandboxConfig } from '#agent/runtime/runtime.ts'

const pod = { uid: 'u', namespace: 'n', name: 'p' }
const sandbox: SandboxConfig = {
  pod,
  attempt: 2,
  hostname: 'h',
  hostNetwork: false,
  hostPID: false,
  hostIPC: false,
  sysctls: {},
  labels: {},
  cgroupParent: '/kubepods',
  graceSeconds: 7,
}
const container: ContainerConfig = {
  pod,
  sandboxID: 's',
  name: 'c',
  attempt: 1,
  image: 'img',
  command: undefined,
  args: undefined,
  env: [],
  workingDir: '',
  mounts: [],
  devices: [],
  tty: false,
  stdin: false,
  stdinOnce: false,
  resources: { cpuShares: 2, cpuQuota: 0, memoryBytes: 0, oomScoreAdj: -997 },
  security: {
    user: '',
    groups: [],
    privileged: false,
    readOnlyRootFilesystem: false,
    addCapabilities: [],
    dropCapabilities: [],
    noNewPrivileges: false,
    seccomp: 'unconfined',
    appArmor: '',
    seLinux: [],
    maskedPaths: 'default',
  },
  hostNetwork: false,
  hostPID: false,
  hostIPC: false,
  shareProcessNamespace: false,
  cgroupParent: '/kubepods',
  terminationFile: '/t',
  terminationPolicy: 'File',
  labels: {},
  stopSignal: '',
}
const FREE = { negativeOomScore: true }

void t.test('a sandbox has a network namespace of its own and no network', async t => {
  t.match(sandboxBody(sandbox, 'pause', FREE), {
    NetworkDisabled: true,
    Hostname: 'h',
    HostConfig: { IpcMode: 'shareable', OomScoreAdj: -998, CgroupParent: '/kubepods' },
  })
  t.match(sandboxBody({ ...sandbox, hostNetwork: true }, 'pause', FREE), {
    NetworkDisabled: false,
    HostConfig: { NetworkMode: 'host' },
  })
  t.match(sandboxBody(sandbox, 'pause', { negativeOomScore: false }), {
    HostConfig: { OomScoreAdj: 0 },
  })
})

void t.test('a container joins it', async t => {
  const body = (overrides: Partial<ContainerConfig> = {}, limits = FREE): Record<string, unknown> =>
    containerBody({ ...container, ...overrides }, limits) as Record<string, unknown>
  t.match(body(), {
    HostConfig: {
      NetworkMode: 'container:s',
      IpcMode: 'container:s',
      PidMode: '',
      OomScoreAdj: -997,
      Memory: 0,
    },
  })
  t.match(body({ shareProcessNamespace: true }), { HostConfig: { PidMode: 'container:s' } })
  t.match(body({ hostPID: true, hostNetwork: true }), {
    HostConfig: { PidMode: 'host', NetworkMode: 'host' },
  })
  t.match(body({}, { negativeOomScore: false }), { HostConfig: { OomScoreAdj: 0 } })
  t.notOk('Entrypoint' in body() || 'Cmd' in body(), 'the image decides')
  t.match(
    body({ command: ['x'] }),
    { Entrypoint: ['x'], Cmd: [] },
    'a command drops the arguments of the image',
  )
  t.match(body({ args: ['y'] }), { Cmd: ['y'] })
  t.match(
    body({ resources: { cpuShares: 512, cpuQuota: 50_000, memoryBytes: 9, oomScoreAdj: 5 } }),
    {
      HostConfig: {
        CpuShares: 512,
        CpuQuota: 50_000,
        CpuPeriod: 100_000,
        Memory: 9,
        MemorySwap: 9,
      },
    },
  )
})

const wire = (body: unknown, State: Partial<WireContainer['State']>): WireContainer => ({
  Id: 'id',
  Created: '2026-01-01T00:00:00Z',
  Image: 'sha256:1',
  State: {
    Status: 'running',
    Pid: 5,
    ExitCode: 0,
    OOMKilled: false,
    Error: '',
    StartedAt: '2026-01-01T00:00:01Z',
    FinishedAt: '0001-01-01T00:00:00Z',
    ...State,
  },
  Config: { Tty: false, Labels: (body as { Labels: Record<string, string> }).Labels },
})

void t.test('labels alone bring all knowledge back', async t => {
  t.match(containerState(wire(containerBody(container, FREE), {})), {
    pod,
    name: 'c',
    attempt: 1,
    sandboxID: 's',
    image: 'img',
    terminationFile: '/t',
    state: 'running',
    pid: 5,
    startedAtMs: epochMs('2026-01-01T00:00:01Z'),
    finishedAtMs: 0,
  })
  t.match(sandboxState(wire(sandboxBody(sandbox, 'pause', FREE), {})), {
    pod,
    attempt: 2,
    state: 'ready',
    graceSeconds: 7,
    hostNetwork: false,
  })
  t.equal(containerState(wire(sandboxBody(sandbox, 'pause', FREE), {})), undefined)
  t.equal(sandboxState(wire({ Labels: {} }, {})), undefined)
})

void t.test('what could not be started has ended, with its reason', async t => {
  const state = containerState(
    wire(containerBody(container, FREE), {
      Status: 'created',
      Error: 'no such file',
      ExitCode: 127,
      StartedAt: '0001-01-01T00:00:00Z',
    }),
  )
  t.match(state, {
    state: 'exited',
    exitCode: 128,
    error: 'no such file',
    startedAtMs: 0,
    finishedAtMs: epochMs('2026-01-01T00:00:00Z'),
  })
  t.match(containerState(wire(containerBody(container, FREE), { Status: 'created' })), {
    state: 'created',
  })
})

void t.test('API versions', async t => {
  t.same(['1.40', '1.41', '1.47', '1.52', '2.0'].map(chooseVersion), [
    '1.40',
    '1.41',
    '1.47',
    '1.47',
    '1.47',
  ])
  t.throws(() => chooseVersion('1.39'), { code: 'rejected' })
})

void t.test('small things', async t => {
  t.equal(cgroupParent({ cgroupDriver: 'systemd' }), 'kubepods.slice')
  t.equal(cgroupParent({ cgroupDriver: 'cgroupfs' }), '/kubepods')
  t.same(['nginx', 'r:5000/a', 'a:1', 'a@sha256:1'].map(withTag), [
    'nginx:latest',
    'r:5000/a:latest',
    'a:1',
    'a@sha256:1',
  ])
  t.same(
    parseEvent('{"Action":"die","Actor":{"ID":"x","Attributes":{"io.kubernetes.pod.uid":"u"}}}'),
    { podUID: 'u', containerID: 'x', action: 'die' },
  )
  t.equal(parseEvent('{"Action":"die","Actor":{"ID":"x","Attributes":{}}}'), undefined)
  t.equal(transportError(Object.assign(new Error('no'), { code: 'ENOENT' })).code, 'unavailable')
  t.equal(
    transportError(Object.assign(new Error('no'), { statusCode: 404, json: { message: 'gone' } }))
      .message,
    'gone',
  )
})
