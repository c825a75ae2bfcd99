/**
 * Objects that come and go with another one: written in the same commit, so that neither is ever there alone.
 *
 * Throws  nothing; the commit fails with `conflict` on a companion's key when somebody else wrote that meanwhile.
 */
import type { ObjectMeta } from '#api/object.ts'
import { rfc3339 } from '#api/time.ts'
import { storageKey } from '#server/cache/cache.ts'
import type { Operation } from '#server/store/store.ts'
import { isReleased, planDeletion } from './deletion-plan.ts'
import type { RegistryDeps } from './deps.ts'
import { encodeAt } from './encoding.ts'
import { metadataForCreate } from './metadata.ts'
import { type Companion, type CompanionResource, DEFAULT_STRATEGY } from './strategy.ts'

export const companionWrites = (
  deps: RegistryDeps,
  companions: readonly Companion[] = [],
): readonly Operation[] => companions.flatMap(companion => writeOf(deps, companion))

function writeOf(deps: RegistryDeps, companion: Companion): readonly Operation[] {
  return companion.kind === 'create' ? creation(deps, companion) : deletion(deps, companion)
}

const PLAINLY = { gracePeriodSeconds: undefined, propagation: undefined }

const keyOf = ({ group, plural }: CompanionResource, name: string): string =>
  storageKey({ group, plural, namespace: '', name })

function creation(
  { clock, random }: RegistryDeps,
  { resource, object, manager, fields }: Extract<Companion, { readonly kind: 'create' }>,
): readonly Operation[] {
  const now = clock.now()
  const metadata: ObjectMeta = {
    ...metadataForCreate(object.metadata, { now, random, generation: false }),
    managedFields: [
      {
        manager,
        operation: 'Update',
        apiVersion: object.apiVersion,
        time: rfc3339(now),
        fieldsType: 'FieldsV1',
        fieldsV1: fields,
      },
    ],
  }
  const { encode } = encodeAt({ ...object, metadata })
  return [{ kind: 'put', key: keyOf(resource, object.metadata.name ?? ''), expected: 0, encode }]
}

/** Finalizers that somebody set hold it as they hold any object. */
function deletion(
  { cache, clock }: RegistryDeps,
  { resource, name, isMeant }: Extract<Companion, { readonly kind: 'delete' }>,
): readonly Operation[] {
  const cached = cache.get(`${resource.plural}.${resource.group}`, '', name)
  const current = cached?.object()
  if (cached === undefined || current === undefined || !isMeant(current)) return []
  const begun = planDeletion(DEFAULT_STRATEGY, current, { options: PLAINLY, now: clock.now() })
  const isGone = isReleased(DEFAULT_STRATEGY, begun)
  if (!isGone && current.metadata.deletionTimestamp !== undefined) return []
  const { encode } = encodeAt(isGone ? current : begun)
  const { key, revision: expected } = cached
  return [{ kind: isGone ? 'delete' : 'put', key, expected, encode }]
}
