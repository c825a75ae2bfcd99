/** What the registry's verbs are handed. Types only. */
import type { AdmissionPlugin, Authorizer } from '#api/request.ts'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/logger.ts'
import type { Random } from '#base/random.ts'
import type { Cache } from '#server/cache/cache.ts'
import type { Served } from '#server/custom/served.ts'
import type { Committer } from './committer.ts'
import type { Creations } from './namespace-contents.ts'
import type { Strategy } from './strategy.ts'

export interface RegistryDeps {
  readonly cache: Cache
  readonly served: Served
  readonly committer: Committer
  readonly creations: Creations
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** In running order: all `admit` before all `validate`. */
  readonly admission: readonly AdmissionPlugin[]
  /** Asked about what a request turns out to do beside what its path says. */
  readonly authorizer: Authorizer
  /** By storage (`pods`, `deployments.apps`). */
  readonly strategies: ReadonlyMap<string, Strategy>
}
