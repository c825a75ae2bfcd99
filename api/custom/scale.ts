/**
 * The scale subresource of a custom kind: numbers and a selector at paths that its definition names. Pure.
 * Source: k8s.io/apiextensions-apiserver pkg/registry/customresource/{etcd,validator}.go, k8s.io/apimachinery
 * pkg/apis/meta/v1/unstructured/helpers.go
 */
import { propertyOf, setProperty } from '#api/json.ts'
import type { AnyObject } from '#api/object.ts'
import type { CustomResourceSubresourceScale } from '#api/types/apiextensions-v1.ts'
import { type Faults, wrong } from '#api/validation/fault.ts'
import { isRecord, type Fields, recordOf } from '#api/values.ts'

/** Simple JSON paths, as `.spec.replicas`. */
export interface ScalePaths {
  readonly specReplicasPath: string
  readonly statusReplicasPath: string
  /** '' for none. */
  readonly labelSelectorPath: string
}

/** What the scale subresource shows of an object; a path that leads nowhere is 0 or ''. */
export interface Scaled {
  /** undefined where the object has none: upstream's scale refuses to read such a one. */
  readonly specReplicas: number | undefined
  readonly statusReplicas: number
  readonly selector: string
}

export const scalePathsOf = (scale: CustomResourceSubresourceScale): ScalePaths => ({
  specReplicasPath: scale.specReplicasPath,
  statusReplicasPath: scale.statusReplicasPath,
  labelSelectorPath: scale.labelSelectorPath ?? '',
})

const stepsOf = (path: string): readonly string[] => path.replace(/^\./, '').split('.')

/** Something on the way is of another type. */
interface Misfit {
  readonly fault: string
}

/** The value at the end of a path; undefined when there is none. */
function valueAt(object: AnyObject, path: string): { readonly value: unknown } | Misfit {
  let value: unknown = object
  const steps = stepsOf(path)
  for (const [index, step] of steps.entries()) {
    if (value === undefined || value === null) return { value: undefined }
    if (!isRecord(value)) {
      return misfit(steps.slice(0, index + 1), value, 'map[string]interface{}')
    }
    value = propertyOf(value, step)
  }
  return { value }
}

const misfit = (steps: readonly string[], value: unknown, wanted: string): Misfit => ({
  fault: `.${steps.join('.')} accessor error: ${shown(value)} is of the type ${goType(value)}, expected ${wanted}`,
})

function goType(value: unknown): string {
  if (value === null) return '<nil>'
  if (Array.isArray(value)) return '[]interface {}'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  return typeof value === 'string' ? 'string' : 'map[string]interface {}'
}

/** As Go prints values: `[a b]`, `map[a:1]`. */
function shown(value: unknown): string {
  if (value === null) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(shown).join(' ')}]`
  if (!isRecord(value)) return typeof value === 'string' ? value : JSON.stringify(value)
  const members = Object.keys(value).toSorted()
  return `map[${members.map(key => `${key}:${shown(value[key])}`).join(' ')}]`
}

function numberAt(
  object: AnyObject,
  path: string,
): { readonly value: number | undefined } | Misfit {
  const found = valueAt(object, path)
  if ('fault' in found) return found
  const { value } = found
  if (value === undefined) return { value }
  return typeof value === 'number' && Number.isInteger(value)
    ? { value }
    : misfit(stepsOf(path), value, 'int64')
}

function textAt(object: AnyObject, path: string): { readonly value: string | undefined } | Misfit {
  const found = valueAt(object, path)
  if ('fault' in found) return found
  const { value } = found
  if (value === undefined || typeof value === 'string') return { value }
  return misfit(stepsOf(path), value, 'string')
}

const INT32_MAX = 2 ** 31 - 1

function validateCount(faults: Faults, object: AnyObject, path: string): void {
  const found = numberAt(object, path)
  if ('fault' in found) faults.push(wrong(path, 0, found.fault))
  else if ((found.value ?? 0) < 0) {
    faults.push(wrong(path, found.value, 'should be a non-negative integer'))
  } else if ((found.value ?? 0) > INT32_MAX) {
    faults.push(wrong(path, found.value, `should be less than or equal to ${INT32_MAX}`))
  }
}

export const validateScaleSpec = (faults: Faults, object: AnyObject, paths: ScalePaths): void =>
  validateCount(faults, object, paths.specReplicasPath)

export function validateScaleStatus(faults: Faults, object: AnyObject, paths: ScalePaths): void {
  validateCount(faults, object, paths.statusReplicasPath)
  const { labelSelectorPath: path } = paths
  const found = path === '' ? undefined : textAt(object, path)
  if (found !== undefined && 'fault' in found) faults.push(wrong(path, '', found.fault))
}

/** Of an object that its validation let through: what does not fit is not there. */
export function scaledOf(object: AnyObject, paths: ScalePaths): Scaled {
  const spec = numberAt(object, paths.specReplicasPath)
  const status = numberAt(object, paths.statusReplicasPath)
  const { labelSelectorPath } = paths
  const selector = labelSelectorPath === '' ? undefined : textAt(object, labelSelectorPath)
  return {
    specReplicas: 'fault' in spec ? undefined : spec.value,
    statusReplicas: 'fault' in status ? 0 : (status.value ?? 0),
    selector: selector === undefined || 'fault' in selector ? '' : (selector.value ?? ''),
  }
}

export function withReplicasAt(object: AnyObject, path: string, replicas: number): AnyObject {
  const { apiVersion, kind, metadata } = object
  return { ...withValue(object, stepsOf(path), replicas), apiVersion, kind, metadata }
}

function withValue(object: Fields, [step = '', ...rest]: readonly string[], value: number): Fields {
  const changed: Record<string, unknown> = { ...object }
  const inner =
    rest.length === 0 ? value : withValue(recordOf(propertyOf(object, step)), rest, value)
  setProperty(changed, step, inner)
  return changed
}
