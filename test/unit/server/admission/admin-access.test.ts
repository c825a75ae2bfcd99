/** Who may have administrative access to devices. */
import t from 'tap'
import type { AnyObject } from '#api/object.ts'
import { createAdminAccess } from '#server/admission/admin-access.ts'
import { memoryReader } from '../../../support/memory-reader.ts'

const reader = memoryReader()
for (const [name, value] of [
  ['open', 'true'],
  ['odd', 'True'],
  ['plain', undefined],
] as const) {
  reader.put('namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      ...(value === undefined ? {} : { labels: { 'resource.kubernetes.io/admin-access': value } }),
    },
  })
}
const plugin = createAdminAccess({ reader })

interface Asked {
  readonly namespace: string
  readonly resource: string
  readonly fields: object
  readonly before?: object
}

const built = (fields: object): AnyObject => ({
  apiVersion: 'resource.k8s.io/v1',
  kind: 'ResourceClaim',
  metadata: { name: 'c' },
  ...fields,
})

async function refusal({ namespace, resource, fields, before }: Asked): Promise<string> {
  const [plural = '', subresource = ''] = resource.split('/')
  try {
    await plugin.validate?.({
      operation: before === undefined ? 'CREATE' : 'UPDATE',
      user: { name: 'alice', groups: [] },
      group: 'resource.k8s.io',
      version: 'v1',
      kind: 'ResourceClaim',
      resource: plural,
      subresource,
      namespace,
      name: 'c',
      object: built(fields),
      oldObject: before === undefined ? undefined : built(before),
      options: undefined,
      dryRun: false,
      verb: 'update',
    })
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const spec = {
  devices: {
    requests: [
      { name: 'a', exactly: { deviceClassName: 'd' } },
      { name: 'b', exactly: { deviceClassName: 'd', adminAccess: true } },
    ],
  },
}
const status = { allocation: { devices: { results: [{ adminAccess: true }] } } }
const wanted = (field: string): string =>
  `ResourceClaim.resource.k8s.io "c" is invalid: ${field}.adminAccess: Forbidden: admin access to devices requires the \`resource.kubernetes.io/admin-access: true\` label on the containing namespace`

void t.test('administrative access needs a labelled namespace', async t => {
  const claim = { resource: 'resourceclaims', fields: { spec } }
  const template = { resource: 'resourceclaimtemplates', fields: { spec: { spec } } }
  const granted = { resource: 'resourceclaims/status', fields: { spec, status }, before: { spec } }
  const inSpec = wanted('spec.devices.requests[1]')
  const inStatus = wanted('status.allocation.devices.results[0]')
  for (const namespace of ['plain', 'odd']) {
    t.equal(await refusal({ ...claim, namespace }), inSpec)
    t.equal(await refusal({ ...template, namespace }), inSpec)
    t.equal(await refusal({ ...granted, namespace }), inStatus)
    t.equal(await refusal({ ...granted, before: { spec, status }, namespace }), '', 'it stays')
    t.equal(await refusal({ ...claim, before: { spec }, namespace }), '', 'specs never change')
    t.equal(await refusal({ ...claim, fields: { spec: {} }, namespace }), '')
  }
  for (const one of [claim, template, granted]) {
    t.equal(await refusal({ ...one, namespace: 'open' }), '')
  }
})
