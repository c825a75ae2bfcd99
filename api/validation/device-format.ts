/**
 * Names, lists and small parts that the kinds of dynamic resource allocation share. Pure.
 * Source: kubernetes pkg/apis/resource/validation/validation.go
 */
import {
  byteLength,
  labelFaults,
  labelValueFaults,
  patternFault,
  qualifiedNameFaults,
  subdomainFaults,
} from '#api/names.ts'
import type { DeviceSelector, DeviceTaint, DeviceToleration } from '#api/types/resource-v1.ts'
import {
  duplicate,
  type Faults,
  required,
  requireOneOf,
  tooLong,
  tooMany,
  unsupported,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'

const DRIVER_MAX = 63
const POOL_MAX = 253
const ID_MAX = 32
const EXPRESSION_MAX = 10 * 1024
const SELECTORS_MAX = 32
const PARAMETERS_MAX = 10 * 1024
const TAINT_EFFECTS: readonly string[] = ['NoExecute', 'NoSchedule', 'None']

/** Each item, unless there are too many of them. */
export function eachOf<Item>(
  faults: Faults,
  list: { readonly field: string; readonly items: readonly Item[]; readonly most: number },
  validate: (item: Item, field: string) => void,
): void {
  const { field, items, most } = list
  if (items.length > most) {
    faults.push(tooMany(field, items.length, most))
    return
  }
  for (const [index, item] of items.entries()) validate(item, `${field}[${index}]`)
}

/** As `eachOf`, and no two of the same key: those are told after the items themselves. */
export function eachOfSet<Item>(
  faults: Faults,
  list: {
    readonly field: string
    readonly items: readonly Item[]
    readonly most: number
    readonly key: (item: Item) => unknown
  },
  validate: (item: Item, field: string) => void,
): void {
  eachOf(faults, list, validate)
  if (list.items.length <= list.most) refuseDuplicates(faults, list.field, list.items.map(list.key))
}

/** The items whose key came before. */
function refuseDuplicates(faults: Faults, field: string, keys: readonly unknown[]): void {
  const seen = new Set<string>()
  for (const [index, key] of keys.entries()) {
    const text = JSON.stringify(key)
    if (seen.has(text)) faults.push(duplicate(`${field}[${index}]`, key))
    seen.add(text)
  }
}

/** Drivers are named as CSI drivers are: a subdomain of any case. */
export function validateDriver(faults: Faults, field: string, driver: string): void {
  if (driver === '') faults.push(required(field))
  if (byteLength(driver) > DRIVER_MAX) faults.push(tooLong(field, DRIVER_MAX))
  if (driver !== '') wrongFormat(faults, field, driver, subdomainFaults(driver.toLowerCase()))
}

export function validatePool(faults: Faults, field: string, name: string): void {
  if (name === '') {
    faults.push(required(field))
    return
  }
  if (byteLength(name) > POOL_MAX) faults.push(tooLong(field, POOL_MAX))
  for (const part of name.split('/')) wrongFormat(faults, field, part, subdomainFaults(part))
}

/** Names of devices, requests and counters. */
export const validateShortName = (faults: Faults, field: string, name: string): void =>
  wrongFormat(faults, field, name, labelFaults(name))

const IDENTIFIER = '[A-Za-z_][A-Za-z0-9_]*'
const IDENTIFIER_FAULT = patternFault(
  "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
  IDENTIFIER,
  'my_name',
  'MY_NAME',
  'MyName',
)
const identifierPattern = new RegExp(`^${IDENTIFIER}$`)

function validateIdentifier(faults: Faults, field: string, id: string): void {
  if (byteLength(id) > ID_MAX) faults.push(tooLong(field, ID_MAX))
  if (!identifierPattern.test(id)) faults.push(wrong(field, id, IDENTIFIER_FAULT))
}

/** `name` or `domain/name`, of attributes and capacities. */
export function validateQualified(faults: Faults, field: string, name: string): void {
  const parts = name.split('/')
  const [first = '', second] = parts
  // Upstream takes more slashes than one as they are.
  if (parts.length > 2) return
  if (second === undefined) validateIdentifier(faults, field, first)
  else {
    if (first === '') faults.push(wrong(field, '', 'the domain must not be empty'))
    else validateDriver(faults, field, first)
    if (second === '') faults.push(wrong(field, '', 'the name must not be empty'))
    else validateIdentifier(faults, field, second)
  }
}

export function validateFullyQualified(faults: Faults, field: string, name: string): void {
  validateQualified(faults, field, name)
  if (!name.includes('/')) {
    const detail = 'a fully qualified name must be a domain and a name separated by a slash'
    faults.push(wrong(field, name, detail))
  }
}

/** Expressions are looked at no further than their length: nothing here compiles CEL. */
export function validateSelectors(
  faults: Faults,
  field: string,
  selectors: readonly DeviceSelector[],
): void {
  eachOf(faults, { field, items: selectors, most: SELECTORS_MAX }, ({ cel }, place) => {
    if (cel === undefined) faults.push(required(`${place}.cel`))
    else if (byteLength(cel.expression) > EXPRESSION_MAX) {
      faults.push(tooLong(`${place}.cel.expression`, EXPRESSION_MAX))
    }
  })
}

/** Parameters that only a driver understands: some JSON object. */
export function validateOpaque(
  faults: Faults,
  field: string,
  opaque: { readonly driver: string; readonly parameters?: unknown } | undefined,
): void {
  if (opaque === undefined) {
    faults.push(required(field))
    return
  }
  validateDriver(faults, `${field}.driver`, opaque.driver)
  validateRaw(faults, `${field}.parameters`, opaque.parameters)
}

export function validateRaw(faults: Faults, field: string, value: unknown): void {
  if (value === undefined || value === null) faults.push(required(field))
  else if (byteLength(JSON.stringify(value)) > PARAMETERS_MAX) {
    faults.push(tooLong(field, PARAMETERS_MAX))
  } else if (typeof value !== 'object' || Array.isArray(value)) {
    faults.push(wrong(field, '<value omitted>', 'must be a valid JSON object'))
  }
}

/** `before`: an effect that stays as it was is not looked at again. */
export function validateTaint(
  faults: Faults,
  field: string,
  { taint, before }: { readonly taint: DeviceTaint; readonly before?: DeviceTaint | undefined },
): void {
  const { key, value = '', effect } = taint
  wrongFormat(faults, `${field}.key`, key, qualifiedNameFaults(key))
  if (value !== '') wrongFormat(faults, `${field}.value`, value, labelValueFaults(value))
  if (before?.effect !== effect) requireOneOf(faults, `${field}.effect`, effect, TAINT_EFFECTS)
}

export function validateTolerations(
  faults: Faults,
  field: string,
  tolerations: readonly DeviceToleration[],
): void {
  for (const [index, toleration] of tolerations.entries()) {
    const place = `${field}[${index}]`
    const { key = '', operator, value = '', effect = '' } = toleration
    if (key !== '') wrongFormat(faults, `${place}.key`, key, qualifiedNameFaults(key))
    if (operator === 'Exists' && value !== '') {
      faults.push(wrong(`${place}.value`, value, 'must be empty for operator `Exists`'))
    }
    if (operator === 'Equal') wrongFormat(faults, `${place}.value`, value, labelValueFaults(value))
    requireOneOf(faults, `${place}.operator`, operator, ['Equal', 'Exists'])
    if (effect !== '' && !TAINT_EFFECTS.includes(effect)) {
      faults.push(unsupported(`${place}.effect`, effect, TAINT_EFFECTS))
    }
  }
}

const BINDING_CONDITIONS_MAX = 4

interface Bindings {
  readonly bindingConditions?: readonly string[]
  readonly bindingFailureConditions?: readonly string[]
}

/** What has to come true, and what must not, before a pod is bound. */
export function validateBindings(faults: Faults, field: string, bindings: Bindings): void {
  const { bindingConditions: wanted = [], bindingFailureConditions: failures = [] } = bindings
  const wantedField = `${field}.bindingConditions`
  const failureField = `${field}.bindingFailureConditions`
  const format = (name: string, place: string): void =>
    wrongFormat(faults, place, name, qualifiedNameFaults(name))
  const most = BINDING_CONDITIONS_MAX
  eachOf(faults, { field: wantedField, items: wanted, most }, format)
  eachOf(faults, { field: failureField, items: failures, most }, format)
  refuseDuplicates(faults, wantedField, wanted)
  refuseDuplicates(faults, failureField, failures)
  for (const [index, name] of failures.entries()) {
    if (!wanted.includes(name)) continue
    const detail = 'bindingFailureConditions must not overlap with bindingConditions'
    faults.push(wrong(`${failureField}[${index}]`, name, detail))
  }
  if (wanted.length === 0 && failures.length > 0) {
    const detail = 'bindingConditions are required to use bindingFailureConditions'
    faults.push(wrong(wantedField, bindings.bindingConditions, detail))
  }
  if (failures.length === 0 && wanted.length > 0) {
    const detail = 'bindingFailureConditions are required to use bindingConditions'
    faults.push(wrong(failureField, bindings.bindingFailureConditions, detail))
  }
}
