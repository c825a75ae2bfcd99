/** The form in which kinds state their rules; `validation.ts` puts the tables of all areas together. Types only. */
import type { KubeObject } from '#api/object.ts'
import type { Faults } from '#api/validation/fault.ts'

/** Methods, so that a rule may ask for its own kind: the table guarantees that it gets no other. */
export interface Rules {
  create(faults: Faults, object: KubeObject): void
  /** As on create when absent. */
  update?(faults: Faults, object: KubeObject, before: KubeObject): void
  /** Writes through the status subresource; only metadata is looked at when absent. */
  status?(faults: Faults, object: KubeObject, before: KubeObject): void
}

/** By group resource: `jobs.batch`. */
export type RuleTable = Readonly<Record<string, Rules>>
