/**
 * The query options of writes, and the options body of deletes: text in, checked values out. Pure.
 *
 * Throws  StatusError(Invalid) in upstream's words.
 * Source: k8s.io/apimachinery pkg/apis/meta/v1/validation/validation.go
 */
import { goQuote } from '#api/go-text.ts'
import { type FieldError, StatusError, badRequest, invalid } from '#api/status.ts'
import type { Call } from './call.ts'
import { isRecord } from '#api/values.ts'

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict'

export interface WriteOptions {
  readonly dryRun: boolean
  readonly fieldManager: string
  readonly fieldValidation: FieldValidation
  readonly force: boolean
}

export type Propagation = 'Orphan' | 'Background' | 'Foreground'

export interface DeleteOptions {
  readonly dryRun: boolean
  readonly gracePeriodSeconds: number | undefined
  readonly propagation: Propagation | undefined
  /** `orphanDependents: false` was said: who waits for dependents is answered 202. */
  readonly cascades: boolean
  readonly preconditions: { readonly uid?: string; readonly resourceVersion?: string }
}

const MANAGER_MAX = 128
const VALIDATIONS: readonly string[] = ['Ignore', 'Strict', 'Warn']

export function writeOptions(
  call: Call,
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
): WriteOptions {
  const { query } = call
  const faults: FieldError[] = []
  const dryRun = query.getAll('dryRun')
  if (dryRun.some(value => value !== 'All'))
    faults.push(unsupported('dryRun', JSON.stringify(dryRun), ['All']))
  const manager = query.get('fieldManager') ?? ''
  if (manager.length > MANAGER_MAX)
    faults.push({
      type: 'FieldValueTooLong',
      field: 'fieldManager',
      message: `Too long: may not be more than ${MANAGER_MAX} bytes`,
    })
  faults.push(...unprintable('fieldManager', manager))
  const validation = query.get('fieldValidation') ?? ''
  if (validation !== '' && !VALIDATIONS.includes(validation))
    faults.push(unsupported('fieldValidation', JSON.stringify(validation), ['', ...VALIDATIONS]))
  const isApply = isApplyType(call.contentType)
  if (kind === 'PatchOptions' && isApply && manager === '')
    faults.push({
      type: 'FieldValueRequired',
      field: 'fieldManager',
      message: 'Required value: is required for apply patch',
    })
  const force = query.get('force')
  if (kind === 'PatchOptions' && !isApply && force !== null)
    faults.push({
      type: 'FieldValueForbidden',
      field: 'force',
      message: 'Forbidden: may not be specified for non-apply patch',
    })
  if (faults.length > 0) throw invalid({ group: 'meta.k8s.io', kind, name: '' }, faults)
  return {
    dryRun: dryRun.length > 0,
    fieldManager: manager === '' ? managerOf(call.userAgent) : manager,
    fieldValidation: validation === 'Ignore' || validation === 'Strict' ? validation : 'Warn',
    force: isTrue(force),
  }
}

/** Go says where and which character it is. */
function unprintable(field: string, text: string): FieldError[] {
  const characters = Array.from(text)
  return characters.flatMap((character, at) => {
    if (!/[\p{C}\p{Zl}\p{Zp}]/u.test(character)) return []
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
    const why = `invalid character U+${code} (at position ${at})`
    const message = `Invalid value: ${goQuote(text)}: ${why}`
    return [{ type: 'FieldValueInvalid', field, message }] as const
  })
}

export const isApplyType = (contentType: string): boolean =>
  contentType === 'application/apply-patch+yaml'

/** Source: k8s.io/apiserver pkg/endpoints/handlers/create.go managerOrUserAgent */
function managerOf(userAgent: string): string {
  const prefix = userAgent.split('/', 1)[0] ?? ''
  const printable = prefix.replaceAll(/[^\x20-\x7e]/g, '').slice(0, MANAGER_MAX)
  return printable === '' ? 'unknown' : printable
}

const quoted = (values: readonly string[]): string =>
  values.map(value => JSON.stringify(value)).join(', ')

const unsupported = (field: string, value: string, known: readonly string[]): FieldError => ({
  type: 'FieldValueNotSupported',
  field,
  message: `Unsupported value: ${value}: supported values: ${quoted(known)}`,
})

const PROPAGATIONS: readonly string[] = ['Orphan', 'Background', 'Foreground']

/** The query counts only where there is no body, as upstream. */
export function deleteOptions(body: unknown, query: Call['query']): DeleteOptions {
  const sent = isRecord(body) ? body : ofQuery(query)
  const policy = sent['propagationPolicy']
  const orphan = sent['orphanDependents']
  const grace = sent['gracePeriodSeconds']
  const dryRun = Array.isArray(sent['dryRun']) ? sent['dryRun'] : []
  const faults = deleteFaults({ policy, orphan, dryRun })
  if (faults.length > 0)
    throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions', name: '' }, faults)
  const preconditions = isRecord(sent['preconditions']) ? sent['preconditions'] : {}
  const uid = preconditions['uid']
  const resourceVersion = preconditions['resourceVersion']
  return {
    dryRun: dryRun.includes('All'),
    gracePeriodSeconds: typeof grace === 'number' ? Math.trunc(grace) : undefined,
    propagation: propagationOf(policy, orphan),
    cascades: orphan === false,
    preconditions: {
      ...(typeof uid === 'string' ? { uid } : {}),
      ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
    },
  }
}

/** Source: k8s.io/apimachinery pkg/apis/meta/v1/conversion.go Convert_url_Values_To_v1_DeleteOptions */
function ofQuery(query: Call['query']): Readonly<Record<string, unknown>> {
  const text = (name: string): string | undefined => query.get(name) || undefined
  return {
    propagationPolicy: query.get('propagationPolicy') ?? undefined,
    orphanDependents: boolOf(query.get('orphanDependents')),
    gracePeriodSeconds: integerOf(query.get('gracePeriodSeconds')),
    dryRun: query.getAll('dryRun'),
    preconditions: { uid: text('uid'), resourceVersion: text('resourceVersion') },
  }
}

function deleteFaults(options: {
  readonly policy: unknown
  readonly orphan: unknown
  readonly dryRun: readonly unknown[]
}): FieldError[] {
  const faults: FieldError[] = []
  if (options.policy !== undefined && options.orphan !== undefined)
    faults.push({
      type: 'FieldValueInvalid',
      field: 'propagationPolicy',
      message: `Invalid value: ${JSON.stringify(options.policy)}: orphanDependents and deletionPropagation cannot be both set`,
    })
  if (options.policy !== undefined && !PROPAGATIONS.some(known => known === options.policy))
    faults.push(
      unsupported('propagationPolicy', JSON.stringify(options.policy), [
        'Foreground',
        'Background',
        'Orphan',
        'nil',
      ]),
    )
  if (options.dryRun.some(value => value !== 'All'))
    faults.push(unsupported('dryRun', JSON.stringify(options.dryRun), ['All']))
  return faults
}

function propagationOf(policy: unknown, orphan: unknown): Propagation | undefined {
  if (policy === 'Orphan' || policy === 'Background' || policy === 'Foreground') return policy
  if (typeof orphan === 'boolean') return orphan ? 'Orphan' : 'Background'
  return undefined
}

const boolOf = (text: string | null): boolean | undefined =>
  text === null ? undefined : isTrue(text)

/** A whole number of the query. Throws StatusError(BadRequest) in the words of Go's parser. */
export function integerOf(text: string | null): number | undefined {
  if (text === null || text === '') return undefined
  const value = /^[-+]?\d+$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value)) return value
  const why = Number.isNaN(value) ? 'invalid syntax' : 'value out of range'
  throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: ${why}`)
}

/** Everything but absence, `false` and `0` is true, as upstream converts query parameters. */
export const isTrue = (value: string | null): boolean =>
  value !== null && value !== '0' && value.toLowerCase() !== 'false'

/** Upstream's routes of built-in kinds know their media types, and refuse others before a handler is asked. */
export const unroutedMedia = (): StatusError =>
  new StatusError('UnsupportedMediaType', '415: Unsupported Media Type', {})

export const unsupportedMedia = (types: readonly string[]): StatusError =>
  new StatusError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${types.join(', ')}`,
  )
