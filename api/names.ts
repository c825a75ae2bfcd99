/**
 * The formats names and keys may have, with upstream's words for what is wrong. Pure.
 *
 * Output  a list of faults, empty when the value is valid; callers put a field path in front.
 * Source: k8s.io/apimachinery pkg/util/validation/validation.go, pkg/api/validation/name.go,
 * pkg/api/validation/path/name.go
 */

const QUALIFIED_NAME_MAX = 63
const LABEL_MAX = 63
const SUBDOMAIN_MAX = 253
const PORT_NAME_MAX = 15

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`
const LABEL_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?'
const QUALIFIED_NAME = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const LABEL_VALUE = `(${QUALIFIED_NAME})?`
const CONFIG_KEY = '[-._a-zA-Z0-9]+'
const HEADER_NAME = '[-A-Za-z0-9]+'
const PERCENT = '[0-9]+%'

const LABEL_FAULT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"
const SUBDOMAIN_FAULT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
const LABEL_1035_FAULT =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character"
const QUALIFIED_NAME_FAULT =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
const LABEL_VALUE_FAULT =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
const CONFIG_KEY_FAULT =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
const HEADER_NAME_FAULT = "a valid HTTP header must consist of alphanumeric characters or '-'"
const PERCENT_FAULT = "a valid percent string must be a numeric string followed by an ending '%'"
const ENVIRONMENT_NAME_FAULT =
  "a valid environment variable name must consist only of printable ASCII characters other than '='"

const NON_EMPTY = 'must be non-empty'

const whole = (pattern: string): RegExp => new RegExp(`^${pattern}$`)
const labelPattern = whole(LABEL)
const subdomainPattern = whole(SUBDOMAIN)
const label1035Pattern = whole(LABEL_1035)
const qualifiedNamePattern = whole(QUALIFIED_NAME)
const labelValuePattern = whole(LABEL_VALUE)
const configKeyPattern = whole(CONFIG_KEY)
const headerNamePattern = whole(HEADER_NAME)
const percentPattern = whole(PERCENT)

export const tooLong = (limit: number): string => `must be no more than ${limit} characters`

/** Label keys and values say `bytes`; every other format still says `characters`. */
const tooManyBytes = (limit: number): string => `must be no more than ${limit} bytes`

/** Characters that nobody sees. */
export const hasControl = (text: string): boolean =>
  Array.from(text).some(character => character < ' ' || character === '\u007f')

/** The most that a field of 32 bits holds. */
export const INT32_MAX = 2 ** 31 - 1

export const outOfRange = (least: number, most: number): string =>
  `must be between ${least} and ${most}, inclusive`

/** Upstream joins several examples as `'a',  or 'b', `: two blanks, on purpose here as well. */
export function patternFault(
  fault: string,
  pattern: string,
  ...examples: readonly string[]
): string {
  if (examples.length === 0) return `${fault} (regex used for validation is '${pattern}')`
  const shown = examples.map(example => `'${example}', `).join(' or ')
  return `${fault} (e.g. ${shown}regex used for validation is '${pattern}')`
}

/** Go counts bytes. */
export const byteLength = (text: string): number => Buffer.byteLength(text)

const longerThan = (text: string, limit: number, fault = tooLong): string[] =>
  byteLength(text) > limit ? [fault(limit)] : []

/** A name whose value goes straight into a DNS label: containers, namespaces, ports of a pod's volumes. */
export function labelFaults(value: string): string[] {
  const faults = longerThan(value, LABEL_MAX)
  if (labelPattern.test(value)) return faults
  return subdomainPattern.test(value)
    ? [...faults, 'must not contain dots']
    : [...faults, patternFault(LABEL_FAULT, LABEL, 'my-name', '123-abc')]
}

export function subdomainFaults(value: string): string[] {
  const faults = longerThan(value, SUBDOMAIN_MAX)
  return subdomainPattern.test(value)
    ? faults
    : [...faults, patternFault(SUBDOMAIN_FAULT, SUBDOMAIN, 'example.com')]
}

const SEARCH_LABEL = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
const SEARCH = `_?${SEARCH_LABEL}(\\._?${SEARCH_LABEL})*`
const searchPattern = new RegExp(`^${SEARCH}$`)
const SEARCH_FAULT = SUBDOMAIN_FAULT.replace("'-'", "'_', '-'")

/** As `subdomainFaults`, of DNS search paths: underscores are good there, though in no other name. */
export function searchFaults(value: string): string[] {
  const faults = longerThan(value, SUBDOMAIN_MAX)
  return searchPattern.test(value)
    ? faults
    : [...faults, patternFault(SEARCH_FAULT, SEARCH, 'example.com')]
}

/** The older, stricter label: names of versions and kinds. */
export function label1035Faults(value: string): string[] {
  const faults = longerThan(value, LABEL_MAX)
  return label1035Pattern.test(value)
    ? faults
    : [...faults, patternFault(LABEL_1035_FAULT, LABEL_1035, 'my-name', 'abc-123')]
}

const qualifiedNameFault = patternFault(
  QUALIFIED_NAME_FAULT,
  QUALIFIED_NAME,
  'MyName',
  'my.name',
  '123-abc',
)

const DNS_PART = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?'
const usualName = new RegExp(
  `^(?:${DNS_PART}(?:\\.${DNS_PART})*/)?(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$`,
)

/** Label and annotation keys: `name` or `dns.prefix/name`. */
export function qualifiedNameFaults(value: string): string[] {
  // Nearly all names are short and good: one look tells.
  if (value.length <= QUALIFIED_NAME_MAX && usualName.test(value)) return []
  const parts = value.split('/')
  if (parts.length > 2) {
    return [
      `a valid label key ${qualifiedNameFault} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ]
  }
  const name = parts.at(-1) ?? ''
  const prefix = parts.length === 2 ? parts[0] : undefined
  const faults: string[] = []
  if (prefix === '') faults.push(`prefix part ${NON_EMPTY}`)
  else if (prefix !== undefined) {
    faults.push(...subdomainFaults(prefix).map(fault => `prefix part ${fault}`))
  }
  if (name === '') faults.push(`name part ${NON_EMPTY}`)
  else
    faults.push(
      ...longerThan(name, QUALIFIED_NAME_MAX, tooManyBytes).map(fault => `name part ${fault}`),
    )
  if (!qualifiedNamePattern.test(name)) faults.push(`name part ${qualifiedNameFault}`)
  return faults
}

export function labelValueFaults(value: string): string[] {
  const faults = longerThan(value, LABEL_MAX, tooManyBytes)
  return labelValuePattern.test(value)
    ? faults
    : [...faults, patternFault(LABEL_VALUE_FAULT, LABEL_VALUE, 'MyValue', 'my_value', '12345')]
}

/** Keys of ConfigMaps and Secrets: they become file names. */
export function configKeyFaults(value: string): string[] {
  const faults = longerThan(value, SUBDOMAIN_MAX)
  if (!configKeyPattern.test(value)) {
    faults.push(patternFault(CONFIG_KEY_FAULT, CONFIG_KEY, 'key.name', 'KEY_NAME', 'key-name'))
  }
  if (value === '.' || value === '..') faults.push(`must not be '${value}'`)
  else if (value.startsWith('..')) faults.push("must not start with '..'")
  return faults
}

export function environmentNameFaults(value: string): string[] {
  if (value === '') return [`environment variable name ${NON_EMPTY}`]
  return /^[\x20-\x3c\x3e-\x7e]*$/.test(value) ? [] : [ENVIRONMENT_NAME_FAULT]
}

export const headerNameFaults = (value: string): string[] =>
  headerNamePattern.test(value)
    ? []
    : [patternFault(HEADER_NAME_FAULT, HEADER_NAME, 'X-Header-Name')]

export const percentFaults = (value: string): string[] =>
  percentPattern.test(value) ? [] : [patternFault(PERCENT_FAULT, PERCENT, '1%', '93%')]

export const portNumberFaults = (value: number): string[] =>
  value >= 1 && value <= 65_535 ? [] : [outOfRange(1, 65_535)]

/** Named ports, after RFC 6335 but lower case only. */
export function portNameFaults(value: string): string[] {
  const faults = longerThan(value, PORT_NAME_MAX)
  if (!/^[-a-z0-9]+$/.test(value)) {
    faults.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')
  }
  if (!/[a-z]/.test(value)) faults.push('must contain at least one letter (a-z)')
  if (value.includes('--')) faults.push('must not contain consecutive hyphens')
  if (value.startsWith('-') || value.endsWith('-')) {
    faults.push('must not begin or end with a hyphen')
  }
  return faults
}

/** Names that are any one segment of a URL path: RBAC roles and their like. */
export function pathSegmentFaults(value: string): string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`]
  return ['/', '%'].filter(part => value.includes(part)).map(part => `may not contain '${part}'`)
}

/** What a generateName is checked as: its trailing dash will be followed by a suffix. */
export const withoutTrailingDash = (prefix: string): string =>
  prefix.length > 1 && prefix.endsWith('-') ? `${prefix.slice(0, -2)}a` : prefix
