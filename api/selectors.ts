/**
 * Label and field selectors: text or object in, a predicate out. Pure.
 *
 * Throws  StatusError(BadRequest) with upstream's text when a selector cannot be understood.
 * Source: k8s.io/apimachinery pkg/labels/selector.go, pkg/fields/selector.go,
 * pkg/apis/meta/v1/helpers.go LabelSelectorAsSelector
 */
import { type LabelRequirement, parseRequirements } from '#api/selector-parser.ts'
import { badRequest, isReason } from '#api/status.ts'

export type { LabelRequirement } from '#api/selector-parser.ts'

export interface LabelSelector {
  readonly requirements: readonly LabelRequirement[]
  matches(labels: Readonly<Record<string, string>> | undefined): boolean
}

export interface FieldRequirement {
  readonly field: string
  readonly operator: '=' | '!='
  readonly value: string
}

export interface FieldSelector {
  readonly requirements: readonly FieldRequirement[]
  /** `valueOf` gives the object's value of a selectable field, '' when unset. */
  matches(valueOf: (field: string) => string): boolean
}

/** `metav1.LabelSelector`, as it stands in specs. */
export interface LabelSelectorObject {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly {
    readonly key: string
    readonly operator: string
    readonly values?: readonly string[]
  }[]
}

type Labels = Readonly<Record<string, string>>

const NO_LABELS: Labels = {}

/** Own properties only: a label named `constructor` is a label like any other. */
const valueOfLabel = (labels: Labels, key: string): string | undefined =>
  Object.hasOwn(labels, key) ? labels[key] : undefined

const WHOLE_NUMBER = /^[+-]?[0-9]+$/

function isBeyond(value: string | undefined, requirement: LabelRequirement): boolean {
  const bound = requirement.values[0]
  if (value === undefined || bound === undefined || !WHOLE_NUMBER.test(value)) return false
  return requirement.operator === 'gt'
    ? BigInt(value) > BigInt(bound)
    : BigInt(value) < BigInt(bound)
}

function meets(labels: Labels, requirement: LabelRequirement): boolean {
  const value = valueOfLabel(labels, requirement.key)
  switch (requirement.operator) {
    case 'in':
      return value !== undefined && requirement.values.includes(value)
    case 'notin':
      return value === undefined || !requirement.values.includes(value)
    case 'exists':
      return value !== undefined
    case '!':
      return value === undefined
    default:
      return isBeyond(value, requirement)
  }
}

/** A selector of these requirements, all of which must hold. */
const labelSelectorFrom = (requirements: readonly LabelRequirement[]): LabelSelector => ({
  requirements,
  matches: labels => {
    const known = labels ?? NO_LABELS
    for (const requirement of requirements) if (!meets(known, requirement)) return false
    return true
  },
})

/** Matches every object. */
export const everyLabel: LabelSelector = labelSelectorFrom([])

/** Matches no object: what an absent `metav1.LabelSelector` means. */
const noLabel: LabelSelector = { requirements: [], matches: () => false }

/** `app=web,tier in (front, back),!old,replicas>2`; empty text matches everything. */
export const parseLabelSelector = (text: string): LabelSelector =>
  text === '' ? everyLabel : labelSelectorFrom(parseRequirements(text))

/** Every label of the map with exactly its value. */
export const labelSelectorFromSet = (labels: Labels): LabelSelector =>
  labelSelectorFrom(
    Object.entries(labels).map(([key, value]) => ({ key, operator: 'in', values: [value] })),
  )

const OBJECT_OPERATORS: Readonly<Record<string, LabelRequirement['operator']>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
}

/** Of a spec's selector. Absent matches nothing, `{}` matches everything. */
export function labelSelectorOf(selector: LabelSelectorObject | undefined): LabelSelector {
  if (selector === undefined) return noLabel
  const equals = labelSelectorFromSet(selector.matchLabels ?? {}).requirements
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values }) => {
    const known = OBJECT_OPERATORS[operator]
    if (known === undefined) {
      throw badRequest(`${JSON.stringify(operator)} is not a valid label selector operator`)
    }
    return { key, operator: known, values: values ?? [], isSet: true }
  })
  return labelSelectorFrom([...equals, ...expressions])
}

const OPERATOR_TEXT = { gt: '>', lt: '<' } as const

function formatRequirement({ key, operator, values, isSet }: LabelRequirement): string {
  switch (operator) {
    case 'exists':
      return key
    case '!':
      return `!${key}`
    case 'gt':
    case 'lt':
      return `${key}${OPERATOR_TEXT[operator]}${values[0] ?? ''}`
    default:
      return values.length === 1 && operator === 'in' && isSet !== true
        ? `${key}=${values[0] ?? ''}`
        : `${key} ${operator} (${[...values].sort().join(',')})`
  }
}

/** Text of a selector: what `status.selector` of a Scale and printed tables hold. */
export const formatLabelSelector = (selector: LabelSelector): string =>
  [...selector.requirements]
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(formatRequirement)
    .join(',')

/** A selector of these requirements, all of which must hold. */
export const fieldSelectorFrom = (requirements: readonly FieldRequirement[]): FieldSelector => ({
  requirements,
  matches: valueOf =>
    requirements.every(
      ({ field, operator, value }) => (valueOf(field) === value) === (operator === '='),
    ),
})

/** Matches every object. */
const everyField: FieldSelector = fieldSelectorFrom([])

/** `metadata.name=web,status.phase!=Running`; `\`, `,` and `=` in values are escaped with `\`. */
export function parseFieldSelector(text: string): FieldSelector {
  const requirements = splitTerms(text)
    .filter(term => term !== '')
    .map(term => parseTerm(term, text))
  return requirements.length === 0 ? everyField : fieldSelectorFrom(requirements)
}

/**
 * The value that a field selector's text demands of a field; undefined when it demands none or cannot be read.
 * Authorizers must ask here: reading the text in any other way than the list itself does would open what it hides.
 */
export function exactMatchOf(text: string, field: string): string | undefined {
  if (!text.includes(field)) return undefined
  try {
    const { requirements } = parseFieldSelector(text)
    return requirements.find(one => one.field === field && one.operator === '=')?.value
  } catch (error) {
    if (isReason(error, 'BadRequest')) return undefined
    throw error
  }
}

/** Splits at commas that no backslash protects. */
function splitTerms(text: string): string[] {
  const terms: string[] = []
  let start = 0
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1
    else if (text[at] === ',') {
      terms.push(text.slice(start, at))
      start = at + 1
    }
  }
  return [...terms, text.slice(start)]
}

function parseTerm(term: string, whole: string): FieldRequirement {
  const match = /^(.*?)(!=|==|=)(.*)$/s.exec(term)
  if (match === null) throw badRequest(`invalid selector: '${whole}'; can't understand '${term}'`)
  const [, field = '', operator = '', value = ''] = match
  return { field, operator: operator === '!=' ? '!=' : '=', value: unescapeValue(value) }
}

function unescapeValue(value: string): string {
  let plain = ''
  for (let at = 0; at < value.length; at += 1) {
    const character = value[at] ?? ''
    if (character === ',' || character === '=') {
      throw badRequest(`invalid field selector: unescaped character in value: ${character}`)
    }
    if (character !== '\\') plain += character
    else {
      at += 1
      const escaped = value[at]
      if (escaped !== '\\' && escaped !== ',' && escaped !== '=') {
        throw badRequest(`invalid field selector: invalid escape sequence: \\${escaped ?? ''}`)
      }
      plain += escaped
    }
  }
  return plain
}
