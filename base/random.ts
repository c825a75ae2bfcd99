/**
 * Randomness as a collaborator: names, identifiers and jitter come from a Random, so that decisions replay.
 */
import { randomBytes, randomInt, randomUUID } from 'node:crypto'

export interface Random {
  /** Uniform in [0, 1). */
  float(): number
  /** An RFC 4122 v4 UUID, lower case. */
  uuid(): string
  /** `size` cryptographically random bytes. */
  bytes(size: number): Buffer
  /** `length` characters of Kubernetes' name alphabet (no vowels, no look-alikes). */
  suffix(length: number): string
}

/** Source: k8s.io/apimachinery pkg/util/rand: consonants and digits that spell no words. */
const NAME_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'

export const systemRandom: Random = {
  float: () => randomInt(0, 2 ** 47) / 2 ** 47,
  uuid: () => randomUUID(),
  bytes: size => randomBytes(size),
  suffix: length =>
    Array.from({ length }, () => NAME_ALPHABET[randomInt(NAME_ALPHABET.length)]).join(''),
}

/** A repeatable Random (mulberry32) for tests, simulations and replays. Not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const float = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const bytes = (size: number): Buffer =>
    Buffer.from(Array.from({ length: size }, () => float() * 256))
  return {
    float,
    bytes,
    uuid: () => {
      const hex = bytes(16).toString('hex')
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
    },
    suffix: length =>
      Array.from({ length }, () => NAME_ALPHABET[Math.floor(float() * NAME_ALPHABET.length)]).join(
        '',
      ),
  }
}
