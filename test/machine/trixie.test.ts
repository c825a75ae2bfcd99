/**
 * The same on Debian 13: Docker 26, another nftables, another npm, everything built on the machine. Needs the package
 * registries; part of test/long.sh.
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
const { directory } = await machineSource('trixie', false)
const network = await MachineNetwork.start()
closeAtEnd(network)
const machine = await DebianMachine.start({ network, name: 'thirteen', host: 31, suite: 'trixie' })
cpSync(join(directory, 'source'), join(machine.root, 'root/kites'), { recursive: true })

const journey = new Journey({ machine, source: '/root/kites', directory })
await t.test('what a user does', t => journey.walk(t))
