/** What a RuntimeClass does to a pod that names it. */
import t from 'tap'
import type { AdmissionAttributes } from '#api/request.ts'
import type { PodSpec } from '#api/types/core-v1.ts'
import type { RuntimeClass } from '#api/types/node-v1.ts'
import { createRuntimeClassAdmission } from '#server/admission/runtime-class.ts'
import { memoryReader } from '../../../support/memory-reader.ts'

const runtimeClass: RuntimeClass = {
  apiVersion: 'node.k8s.io/v1',
  kind: 'RuntimeClass',
  metadata: { name: 'heavy' },
  handler: 'runc',
  overhead: { podFixed: { cpu: '250m' } },
  scheduling: {
    nodeSelector: { disk: 'ssd' },
    tolerations: [{ key: 'heavy', operator: 'Exists' }],
  },
}

async function admitted(spec: Partial<PodSpec>): Promise<PodSpec | string> {
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [], ...spec },
  }
  const attributes: AdmissionAttributes = {
    operation: 'CREATE',
    user: { name: 'alice', groups: [] },
    group: '',
    version: 'v1',
    kind: 'Pod',
    resource: 'pods',
    subresource: '',
    namespace: 'default',
    name: 'p',
    object,
    oldObject: undefined,
    options: undefined,
    dryRun: false,
    verb: 'create',
  }
  const reader = memoryReader()
  reader.put('runtimeclasses.node.k8s.io', runtimeClass)
  const plugin = createRuntimeClassAdmission({ reader })
  try {
    const next = (await plugin.admit?.(attributes)) ?? object
    await plugin.validate?.({ ...attributes, object: next })
    return next['spec'] as PodSpec
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const REFUSED = 'pods "p" is forbidden: '

void t.test('a pod that names a class', async t => {
  t.match(await admitted({ runtimeClassName: 'heavy', nodeSelector: { zone: 'a' } }), {
    overhead: { cpu: '250m' },
    nodeSelector: { zone: 'a', disk: 'ssd' },
    tolerations: [{ key: 'heavy', operator: 'Exists' }],
  })
  t.match(
    await admitted({ runtimeClassName: 'heavy', overhead: { cpu: '0.25' } }),
    { overhead: { cpu: '250m' } },
    'the same amount in other words',
  )
  t.strictSame(await admitted({}), { containers: [] }, 'no class, no change')
})

void t.test('what is refused', async t => {
  t.equal(
    await admitted({ runtimeClassName: 'x' }),
    `${REFUSED}pod rejected: RuntimeClass "x" not found`,
  )
  t.equal(
    await admitted({ runtimeClassName: 'heavy', overhead: { cpu: '1' } }),
    `${REFUSED}pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead`,
  )
  t.equal(
    await admitted({ overhead: { cpu: '1' } }),
    `${REFUSED}pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead`,
  )
  t.equal(
    await admitted({ runtimeClassName: 'heavy', nodeSelector: { disk: 'hdd' } }),
    `${REFUSED}conflict: runtimeClass.scheduling.nodeSelector[disk] = ssd; pod.spec.nodeSelector[disk] = hdd`,
  )
})
