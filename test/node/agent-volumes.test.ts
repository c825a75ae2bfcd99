/** Volumes on a real file system: atomic swaps, no way out of a volume, no deletion through mounts; the sandbox program. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { writeAtomically } from '#agent/volumes/atomic-writer.ts'
import { removeTree } from '#agent/volumes/cleanup.ts'
import { setUpEmptyDir } from '#agent/volumes/empty-dir.ts'
import { setUpHostPath } from '#agent/volumes/host-path.ts'
import { parseMountInfo, systemMounts } from '#agent/volumes/mounts.ts'
import { checkedPath, configMapKeys, selectKeys } from '#agent/volumes/payload.ts'
import { resolveSubPath } from '#agent/volumes/sub-path.ts'
import type { Payload, VolumeContext } from '#agent/volumes/volume.ts'
import { elfExecutable } from '../../packaging/pause/elf.ts'
import { machineCode } from '../../packaging/pause/program.ts'
import { until } from '../support/docker-host.ts'

const root = await mkdtemp(join(tmpdir(), 'kites-volumes-'))
t.teardown(() => rm(root, { recursive: true, force: true }))

const payload = (files: Readonly<Record<string, string>>, mode = 0o644): Payload =>
  new Map(Object.entries(files).map(([path, text]) => [path, { content: Buffer.from(text), mode }]))

void t.test('an atomic writer swaps everything at once', async t => {
  const directory = join(root, 'atomic')
  const write = (files: Readonly<Record<string, string>>, newName: string, mode?: number) =>
    writeAtomically({ directory, payload: payload(files, mode), group: undefined, newName })
  t.equal(await write({ a: '1', 'dir/b': '2' }, 'one'), true)
  t.equal(await write({ a: '1', 'dir/b': '2' }, 'two'), false, 'the same again is nothing')
  t.equal(await readlink(join(directory, '..data')), '..one')
  t.equal(await write({ a: '1', c: '3' }, 'three', 0o400), true)
  t.same(
    (await readdir(directory)).sort((left, right) => (left < right ? -1 : 1)),
    ['..data', '..three', 'a', 'c'],
  )
  t.equal(await readFile(join(directory, 'c'), 'utf8'), '3')
  t.equal((await stat(join(directory, 'c'))).mode & 0o777, 0o400)
  await symlink('..data/gone', join(directory, 'gone'))
  t.equal(await write({ a: '1', c: '3' }, 'five', 0o400), false)
  t.notOk((await readdir(directory)).includes('gone'), 'what a crash left is tidied up')
  t.equal(await write({}, 'four'), true)
  t.same(await readdir(directory), ['..data', '..four'])
})

void t.test('a group may read, a umask is no hindrance, and the same again is nothing', async t => {
  const directory = join(root, 'grouped')
  const write = (newName: string) =>
    writeAtomically({
      directory,
      payload: payload({ a: '1', 'dir/b': '2' }, 0o400),
      group: 1234,
      newName,
    })
  const umask = process.umask(0o077)
  t.equal(await write('one'), true)
  process.umask(umask)
  t.equal(await write('two'), false)
  const { mode, gid } = await stat(join(directory, 'a'))
  t.same([mode & 0o777, gid], [0o440, 1234])
  for (const folder of ['', '..data', '..data/dir'])
    t.equal((await stat(join(directory, folder))).mode & 0o777, 0o755, folder)
})

void t.test('an emptyDir is opened once and then belongs to its pod', async t => {
  const context = (fsGroup?: number): VolumeContext =>
    ({
      directory: join(root, `pod-${fsGroup ?? 'none'}`),
      pod: { spec: { containers: [], securityContext: fsGroup === undefined ? {} : { fsGroup } } },
      mounts: systemMounts,
    }) as unknown as VolumeContext
  const volume = { name: 'v', emptyDir: {} }
  const path = await setUpEmptyDir(volume, context())
  t.equal((await stat(path)).mode & 0o7777, 0o777)
  await chmod(path, 0o700)
  t.equal(await setUpEmptyDir(volume, context()), path)
  t.equal((await stat(path)).mode & 0o7777, 0o700, 'as the pod left it')
  const shared = await stat(await setUpEmptyDir(volume, context(4321)))
  t.same([shared.mode & 0o7777, shared.gid], [0o2777, 4321])
  const below = await stat(await resolveSubPath(await setUpEmptyDir(volume, context(4321)), 'a/b'))
  t.same([below.mode & 0o7777, below.gid], [0o2777, 4321], 'a subPath is as open as its volume')
})

void t.test('keys become paths that stay inside', async t => {
  for (const bad of ['', '/a', '../a', 'a/../b', 'a//b', '..data', 'a/.', 'a\0b'])
    t.throws(() => checkedPath(bad), { message: /^invalid path/u }, JSON.stringify(bad))
  t.equal(checkedPath('a/b..c'), 'a/b..c')
  const keys = configMapKeys({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {},
    data: { a: 'ä' },
    binaryData: { b: 'AAE=' },
  })
  const base = { what: 'configmap', defaultMode: 0o644, isOptional: false }
  t.same(
    selectKeys(keys, { ...base, items: undefined }).map(([path, { content }]) => [
      path,
      content.length,
    ]),
    [
      ['a', 2],
      ['b', 2],
    ],
  )
  t.throws(() => selectKeys(keys, { ...base, items: [{ key: 'x', path: 'x' }] }), {
    message: 'configmap references non-existent config key: x',
  })
  t.same(selectKeys(keys, { ...base, isOptional: true, items: [{ key: 'x', path: 'x' }] }), [])
})

void t.test('a subPath never leads out of its volume', async t => {
  const volume = join(root, 'volume')
  await mkdir(join(volume, 'in'), { recursive: true })
  await symlink('in', join(volume, 'good'))
  await symlink('/etc', join(volume, 'bad'))
  t.equal(await resolveSubPath(volume, 'new/deep'), join(volume, 'new/deep'))
  t.equal(await resolveSubPath(volume, 'good/x'), join(volume, 'in/x'))
  await writeFile(join(volume, 'file'), '')
  t.equal(await resolveSubPath(volume, 'file'), join(volume, 'file'))
  for (const bad of ['bad', 'bad/passwd', '../x', '/etc'])
    await t.rejects(resolveSubPath(volume, bad))
})

void t.test('host paths are checked by their type', async t => {
  const setUp = (path: string, type: string) =>
    setUpHostPath({ name: 'v', hostPath: { path, type: type as '' } }, {} as VolumeContext)
  t.equal(await setUp('/dev/null', 'CharDevice'), '/dev/null')
  await setUp(join(root, 'made/deep'), 'DirectoryOrCreate')
  t.ok((await stat(join(root, 'made/deep'))).isDirectory())
  await setUp(join(root, 'made/file'), 'FileOrCreate')
  t.ok((await stat(join(root, 'made/file'))).isFile())
  await t.rejects(setUp('/dev/null', 'Socket'), {
    message: 'hostPath type check failed: /dev/null is not a socket file',
  })
  await t.rejects(setUp(join(root, 'none'), 'Directory'), { message: /is not a directory$/u })
})

void t.test('nothing is deleted through a mount point', async t => {
  t.same(parseMountInfo('36 35 98:0 / /a\\040b rw - ext3 /dev/root rw\n'), [
    { path: '/a b', type: 'ext3' },
  ])
  const tree = join(root, 'tree')
  const precious = join(root, 'precious')
  await mkdir(join(tree, 'bound'), { recursive: true })
  await mkdir(join(tree, 'memory'))
  await mkdir(precious)
  await writeFile(join(precious, 'file'), 'x')
  await systemMounts.tmpfs(join(tree, 'memory'), { sizeBytes: 1024 * 1024, mode: 0o777 })
  await systemMounts.tmpfs(join(tree, 'memory'), { sizeBytes: 1024 * 1024, mode: 0o777 })
  const mount = spawn('mount', ['--bind', precious, join(tree, 'bound')])
  await once(mount, 'exit')
  await t.rejects(removeTree(tree, systemMounts), { message: /is still mounted/u })
  t.equal(await readFile(join(precious, 'file'), 'utf8'), 'x')
  await systemMounts.unmount(join(tree, 'bound'))
  await removeTree(tree, systemMounts)
  t.same(await systemMounts.below(tree), [])
  await t.rejects(stat(tree))
})

void t.test('the sandbox program waits, and ends on TERM', async t => {
  const path = join(root, 'pause')
  await writeFile(
    path,
    elfExecutable(
      process.arch === 'arm64' ? 'arm64' : 'x64',
      machineCode(process.arch === 'arm64' ? 'arm64' : 'x64'),
    ),
    { mode: 0o755 },
  )
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const child = spawn(path)
    await once(child, 'spawn')
    // it blocks its signals first: one that comes before would end it by the kernel's hand
    await until(
      async () => / S /u.test(await readFile(`/proc/${child.pid}/stat`, 'utf8')),
      'it waits',
      5000,
    )
    process.kill(child.pid ?? 0, 'SIGCHLD')
    child.kill(signal)
    t.same(await once(child, 'exit'), [0, null])
  }
})
