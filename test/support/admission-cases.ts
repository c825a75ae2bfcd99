/** Requests as admission plugins see them, and what a plugin makes of one. */
import type { AnyObject, KubeObject } from '#api/object.ts'
import type { AdmissionAttributes, AdmissionPlugin, UserInfo } from '#api/request.ts'
import type { Pod, PodSpec } from '#api/types/core-v1.ts'

export const alice: UserInfo = { name: 'alice', groups: ['system:authenticated'] }
export const node: UserInfo = { name: 'system:node:a', groups: ['system:nodes'] }

/** `CREATE pods default/web`; `resource.group/subresource`. */
export function attributes(
  text: string,
  more: Partial<AdmissionAttributes> = {},
): AdmissionAttributes {
  const [operation = '', target = '', place = ''] = text.split(' ')
  const [resourcePart = '', subresource = ''] = target.split('/')
  const [resource = '', ...group] = resourcePart.split('.')
  const [namespace = '', name = ''] = place.split('/')
  return {
    operation: operation as AdmissionAttributes['operation'],
    user: alice,
    group: group.join('.'),
    version: 'v1',
    kind: '',
    resource,
    subresource,
    namespace,
    name,
    object: undefined,
    oldObject: undefined,
    options: undefined,
    dryRun: false,
    verb: operation.toLowerCase(),
    ...more,
  }
}

export const any = (object: KubeObject & Readonly<Record<string, unknown>>): AnyObject => object

export const specOf = (pod: AnyObject | undefined): PodSpec => {
  if (pod === undefined) throw new Error('no pod')
  return pod['spec'] as PodSpec
}

export async function run(
  plugin: AdmissionPlugin,
  given: AdmissionAttributes,
): Promise<AnyObject | undefined> {
  if (!plugin.handles(given.operation)) return given.object
  const object =
    given.operation === 'DELETE' ? undefined : ((await plugin.admit?.(given)) ?? given.object)
  await plugin.validate?.({ ...given, object })
  return object
}

export async function refusal(
  plugin: AdmissionPlugin,
  given: AdmissionAttributes,
): Promise<string> {
  try {
    await run(plugin, given)
    return 'admitted'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

export const aPod = (spec: Partial<PodSpec> = {}, metadata: Pod['metadata'] = {}): AnyObject =>
  any({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', ...metadata },
    spec: { containers: [{ name: 'main', image: 'busybox' }], ...spec },
  })
