/**
 * README's first command on a machine without systemd: Docker and kites run in the background, survive the shell that
 * started them, and the same command starts them after a crash or a reboot. The tree is brought along (KITES_TREE).
 */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { DebianMachine } from '../support/debian-machine.ts'
import { closeAll, closeAtEnd } from '../support/machine.ts'
import { Journey } from '../support/machine-journey.ts'
import { MachineNetwork } from '../support/machine-network.ts'
import { machineSource } from '../support/machine-source.ts'

t.teardown(closeAll)
const { directory } = await machineSource('plain', true)
const network = await MachineNetwork.start()
closeAtEnd(network)
const machine = await DebianMachine.start({ network, name: 'plain', host: 41, hasSystemd: false })
for (const part of ['source', 'tree'])
  cpSync(join(directory, part), join(machine.root, 'root', part), { recursive: true })

const env = { KITES_TREE: '/root/tree' }
const journey = new Journey({ machine, source: '/root/source', directory, env, hasSystemd: false })
await t.test('what a user does', t => journey.walk(t))
