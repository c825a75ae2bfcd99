/**
 * README's first command on a machine with Debian's kernel: cgroup v2, Docker's systemd driver, real capabilities. The
 * clone lies on a read-only disk, and the tree is brought along, since an emulated machine would build for long.
 */
import t from 'tap'
import { closeAll, closeAtEnd } from '../support/machine.ts'
import { Journey } from '../support/machine-journey.ts'
import { MachineNetwork } from '../support/machine-network.ts'
import { machineSource } from '../support/machine-source.ts'
import { QemuMachine } from '../support/qemu-machine.ts'

t.teardown(closeAll)
const { directory } = await machineSource('virtual', true)
const network = await MachineNetwork.start()
closeAtEnd(network)
const started = performance.now()
const machine = await QemuMachine.start({ network, host: 21, content: directory })
t.comment(`${((performance.now() - started) / 1000).toFixed(1)} s: disk made and booted`)

await t.test('the machine is of the kind that this test is about', async t => {
  t.match((await machine.exec(['cat', '/sys/fs/cgroup/cgroup.controllers'])).stdout, 'memory')
  const engine = 'curl -s --unix-socket /var/run/docker.sock http://docker/info'
  t.match((await machine.exec(['sh', '-c', engine])).stdout, '"CgroupDriver":"systemd"')
})
const env = { KITES_TREE: '/mnt/tree' }
const journey = new Journey({ machine, source: '/mnt/source', directory, env, slowness: 5 })
await t.test('what a user does', t => journey.walk(t))
