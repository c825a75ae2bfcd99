/**
 * Reads what `nft -j list table` prints into the form that `plan.ts` compares. Pure.
 *
 * Rules are known by the digest in their comment, not by their expressions, which each nft version spells its own way.
 * Throws  Error('unreadable nft listing: ...') when the text is not nft's JSON.
 */
import { type ListedRuleset, type ObjectMark } from './plan.ts'

/** nft prints numbers where /etc/protocols is missing. */
const PROTOCOLS: Readonly<Record<string, string>> = { 6: 'tcp', 17: 'udp', 132: 'sctp' }

type Fields = Readonly<Record<string, unknown>>

export function parseListing(text: string): ListedRuleset {
  const objects = new Map<string, Writable>()
  const elements = new Map<string, Map<string, string>>()
  for (const entry of entriesOf(text)) {
    for (const [kind, value] of Object.entries(entry)) {
      if (!isFields(value)) continue
      const name = textOf(value.name)
      if (kind === 'chain') objects.set(name, mark('chain', name, chainDefinition(value)))
      if (kind === 'rule') objects.get(textOf(value.chain))?.rules.push(textOf(value.comment))
      if (kind === 'set') objects.set(name, mark('set', name, setDefinition(value)))
      if (kind === 'map') objects.set(name, mark('map', name, mapDefinition(value)))
      if (kind === 'set' || kind === 'map') elements.set(name, elementsOf(value))
    }
  }
  return { objects, elements }
}

type Writable = ObjectMark & { readonly rules: string[] }
const mark = (kind: ObjectMark['kind'], name: string, definition: string): Writable => ({
  kind,
  name,
  definition,
  rules: [],
})

function entriesOf(text: string): readonly Fields[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw new Error(`unreadable nft listing: ${text.slice(0, 100)}`, { cause })
  }
  if (!isFields(parsed) || !Array.isArray(parsed.nftables)) {
    throw new Error(`unreadable nft listing: ${text.slice(0, 100)}`)
  }
  return parsed.nftables.filter(isFields)
}

const chainDefinition = (chain: Fields): string =>
  chain.hook === undefined
    ? ''
    : `${textOf(chain.type)} ${textOf(chain.hook)} ${textOf(chain.prio)}`

const mapDefinition = (map: Fields): string => `${typeOf(map.type)} : ${typeOf(map.map)}`

function setDefinition(set: Fields): string {
  const flags = Array.isArray(set.flags) ? set.flags : []
  const interval = flags.includes('interval') ? ' interval' : ''
  const timeout = typeof set.timeout === 'number' ? ` timeout ${set.timeout}` : ''
  return `${typeOf(set.type)}${interval}${timeout}`
}

/** Concatenations are lists or text, depending on version and place. */
const typeOf = (type: unknown): string =>
  Array.isArray(type) ? type.map(textOf).join(' . ') : textOf(type)

function elementsOf(container: Fields): Map<string, string> {
  const elements = new Map<string, string>()
  if (!Array.isArray(container.elem) || typeof container.timeout === 'number') return elements
  const isMap = container.map !== undefined
  for (const element of container.elem) {
    const [key, value] = isMap && Array.isArray(element) ? element : [element, undefined]
    elements.set(valueOf(key), value === undefined ? '' : valueOf(value))
  }
  return elements
}

/** One key or value in our spelling. */
function valueOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  if (!isFields(value)) return JSON.stringify(value)
  if (isFields(value.elem)) return valueOf(value.elem.val)
  if (Array.isArray(value.concat)) return concatOf(value.concat)
  if (isFields(value.prefix)) return `${textOf(value.prefix.addr)}/${textOf(value.prefix.len)}`
  if (isFields(value.goto)) return `goto ${textOf(value.goto.target)}`
  return JSON.stringify(value)
}

/** In `address . protocol . port ...` and `protocol . port` a bare number is a protocol that nft could not name. */
function concatOf(parts: readonly unknown[]): string {
  const texts = parts.map(valueOf)
  const place = texts[0]?.includes('.') === true ? 1 : 0
  const name = place + 1 < texts.length ? PROTOCOLS[texts[place] ?? ''] : undefined
  return (name === undefined ? texts : texts.with(place, name)).join(' . ')
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : ''
