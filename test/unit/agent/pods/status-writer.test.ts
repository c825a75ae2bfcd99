/** Which news of a pod are written at once, and which wait for company. */
import t from 'tap'
import { isUrgent } from '#agent/pods/status-writer.ts'
import type { ContainerStatus, PodStatus } from '#api/types/core-v1.ts'

type State = NonNullable<ContainerStatus['state']>

const container = (state: State, restartCount = 0): ContainerStatus => ({
  name: 'c',
  state,
  restartCount,
  image: 'i',
  imageID: '',
  ready: false,
})
const creating = container({ waiting: { reason: 'ContainerCreating' } })
const pulling = container({ waiting: { reason: 'ErrImagePull' } })
const running = container({ running: {} })
const again = container({ running: {} }, 1)
const ended = container({ terminated: { exitCode: 0 } })
const status = (
  phase: NonNullable<PodStatus['phase']>,
  containerStatuses: readonly ContainerStatus[],
  more: PodStatus = {},
): PodStatus => ({ phase, containerStatuses, ...more })
const ready = { conditions: [{ type: 'Ready', status: 'True' as const }] }

const cases: readonly {
  readonly name: string
  readonly before: PodStatus | undefined
  readonly after: PodStatus
  readonly urgent: boolean
}[] = [
  {
    name: 'the first word about a pod waits',
    before: undefined,
    after: status('Pending', [creating]),
    urgent: false,
  },
  {
    name: 'an address waits',
    before: status('Pending', [creating]),
    after: status('Pending', [creating], { podIP: '10.42.0.2' }),
    urgent: false,
  },
  {
    name: 'a reason why it does not start is told',
    before: status('Pending', [creating]),
    after: status('Pending', [pulling]),
    urgent: true,
  },
  {
    name: 'Running is told',
    before: status('Pending', [creating]),
    after: status('Running', [running]),
    urgent: true,
  },
  {
    name: 'Ready is told',
    before: status('Running', [running]),
    after: status('Running', [running], ready),
    urgent: true,
  },
  {
    name: 'not Ready any more is told',
    before: status('Running', [running], ready),
    after: status('Running', [running]),
    urgent: true,
  },
  {
    name: 'a restart is told',
    before: status('Running', [running], ready),
    after: status('Running', [again], ready),
    urgent: true,
  },
  {
    name: 'an end is told',
    before: status('Running', [running]),
    after: status('Running', [ended]),
    urgent: true,
  },
]

for (const { name, before, after, urgent } of cases) {
  t.equal(isUrgent(before, after), urgent, name)
}
