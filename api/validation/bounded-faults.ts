/**
 * The faults of one object, as many as anybody reads: a body of 3 MiB can hold a hundred thousand, each of which may
 * show the list it stands in. Pure.
 *
 * Differs: upstream tells all of them; here looking ends behind the first thousand, or mebibyte of messages.
 */
import type { FieldError } from '#api/status.ts'
import type { Faults } from '#api/validation/fault.ts'

const FAULTS_MAX = 1000
const CHARACTERS_MAX = 1024 * 1024

class Enough extends Error {}
const ENOUGH = new Enough('enough faults')

class BoundedFaults extends Array<FieldError> {
  #characters = 0

  static override get [Symbol.species](): ArrayConstructor {
    return Array
  }

  override push(...found: readonly FieldError[]): number {
    for (const fault of found) {
      this.#characters += fault.message.length
      super.push(fault)
      if (this.length >= FAULTS_MAX || this.#characters > CHARACTERS_MAX) throw ENOUGH
    }
    return this.length
  }
}

/** What `look` appends, up to the bounds. */
export function faultsOf(look: (faults: Faults) => void): FieldError[] {
  const faults = new BoundedFaults()
  try {
    look(faults)
  } catch (error) {
    if (error !== ENOUGH) throw error
  }
  return [...faults]
}
