/**
 * Names pod templates: two templates are one revision if and only if they are equal but for the hash label. Pure.
 * Source: kubernetes pkg/controller/controller_utils.go ComputeHash, pkg/controller/deployment/util EqualIgnoreHash.
 * Differs: hashes canonical JSON where upstream hashes a dump of Go structs; nobody may rely on the value.
 */
import type { PodTemplateSpec } from '#api/types/core-v1.ts'

export const HASH_LABEL = 'pod-template-hash'

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193
/** Source: apimachinery util/rand: no vowels, so that no hash spells a word. */
const SAFE = 'bcdfghjklmnpqrstvwxz2456789'

function fnv1a32(bytes: Buffer): number {
  let hash = FNV_OFFSET
  for (const byte of bytes) hash = Math.imul(hash ^ byte, FNV_PRIME) >>> 0
  return hash
}

const safeEncode = (text: string): string =>
  [...Buffer.from(text)].map(byte => SAFE[byte % SAFE.length]).join('')

/** JSON with sorted keys and without absent values. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const fields = Object.entries(value)
    .filter(([, child]) => child !== undefined && child !== null)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, child]) => `${JSON.stringify(key)}:${canonical(child)}`)
  return `{${fields.join(',')}}`
}

function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  const { [HASH_LABEL]: _hash, ...labels } = template.metadata?.labels ?? {}
  return { ...template, metadata: { ...template.metadata, labels } }
}

/** `7d9c6b8f5d`-like; `collisions` makes another name for a template whose first name was taken. */
export function templateHash(template: PodTemplateSpec, collisions: number): string {
  const suffix = collisions === 0 ? '' : String(collisions)
  return safeEncode(String(fnv1a32(Buffer.from(canonical(withoutHash(template)) + suffix))))
}

export const isSameTemplate = (left: PodTemplateSpec, right: PodTemplateSpec): boolean =>
  canonical(withoutHash(left)) === canonical(withoutHash(right))
