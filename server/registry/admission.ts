/** Runs admission plugins in their order: first every `admit`, later every `validate`. */
import { customOf } from '#api/custom/custom-resource.ts'
import type { AnyObject } from '#api/object.ts'
import type { AdmissionAttributes, AdmissionOperation } from '#api/request.ts'
import { forbidden } from '#api/status.ts'
import type { Call } from './call.ts'
import { bodyKind } from './decoding.ts'
import type { RegistryDeps } from './deps.ts'

export interface AdmissionInput {
  readonly operation: AdmissionOperation
  readonly name: string
  readonly object: AnyObject | undefined
  readonly oldObject: AnyObject | undefined
  readonly options: unknown
  readonly dryRun: boolean
}

/** Plugins see the stored form, under its own group and version: whoever asks by an old one is treated no differently. */
function attributesOf(call: Call, input: AdmissionInput): AdmissionAttributes {
  const { group, version, kind, plural } = call.resource.storage()
  return {
    ...input,
    verb: call.verb,
    user: call.user,
    group,
    version,
    kind: call.subresource === '' ? kind : bodyKind(call).kind,
    resource: plural,
    subresource: call.subresource,
    namespace: call.namespace,
  }
}

/** Returns the object as the plugins left it. Throws StatusError when one refuses. */
export async function admit(
  deps: RegistryDeps,
  call: Call,
  input: AdmissionInput & { readonly object: AnyObject },
): Promise<AnyObject> {
  let { object } = input
  refuseWhileTerminating(call, input)
  for (const plugin of deps.admission) {
    if (plugin.admit === undefined || !plugin.handles(input.operation)) continue
    object = (await plugin.admit(attributesOf(call, { ...input, object }))) ?? object
  }
  return object
}

/** Source: k8s.io/apiextensions-apiserver pkg/apiserver/customresource_handler.go forbidCreateAdmission */
function refuseWhileTerminating({ resource }: Call, { operation, name }: AdmissionInput): void {
  if (operation !== 'CREATE' || customOf(resource)?.isTerminating !== true) return
  const subject = { group: resource.group, resource: resource.plural, name }
  throw forbidden(subject, 'create not allowed while custom resource definition is terminating')
}

export async function admissionValidate(
  deps: RegistryDeps,
  call: Call,
  input: AdmissionInput,
): Promise<void> {
  for (const plugin of deps.admission) {
    if (plugin.validate === undefined || !plugin.handles(input.operation)) continue
    await plugin.validate(attributesOf(call, input))
  }
}
