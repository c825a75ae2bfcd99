/**
 * Makes what decoding, defaulting and validating a kind need before the first object of it comes, in portions.
 *
 * All of it is made on first use anyway; for a pod that is 15 ms at one go.
 * Output  a generator that has done one struct's share (well below a millisecond) at each step. Steps may be left out.
 */
import { decoderOf } from './decode.ts'
import { applyDefaults } from './defaults.ts'
import { validateStructure } from './structure.ts'
import type { StructType, Type } from './type.ts'

export function* warmUp(root: StructType): Generator<void> {
  const structs = new Set([root])
  // The set grows while it is walked: reading the fields of one finds those below.
  for (const struct of structs) {
    for (const { type } of struct.fields.values()) {
      const below = structOf(type)
      if (below !== undefined) structs.add(below)
    }
    yield
  }
  // From below, so that each finds its members made.
  for (const struct of [...structs].toReversed()) {
    decoderOf(struct)({}, { unknown: false })
    applyDefaults(struct, {})
    validateStructure(struct, {})
    yield
  }
}

function structOf(type: Type): StructType | undefined {
  if (type.kind === 'list') return structOf(type.items)
  if (type.kind === 'map') return structOf(type.values)
  return type.kind === 'struct' ? type : undefined
}
