/**
 * Follows CustomResourceDefinitions: accepts their names, establishes them, and empties those that are deleted. A thin
 * shell around plan.ts; the API server runs it itself, because what it serves follows from it.
 *
 * Law  Names are judged one definition at a time: whether one is free depends on all others of its group.
 */
import { type Resource, groupResource } from '#api/scheme.ts'
import { isReason } from '#api/status.ts'
import type { CustomResourceDefinition } from '#api/types/apiextensions-v1.ts'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/logger.ts'
import type { Random } from '#base/random.ts'
import type { Turns } from '#base/turns.ts'
import { type Controller, type SyncResult, createController } from '#client/controller.ts'
import { type ResourceClient, resourceClient } from '#client/resource.ts'
import type { Transport } from '#client/transport.ts'
import { type Cache, type CacheEvent, type Cached, costOf } from '#server/cache/cache.ts'
import { partsOf } from '#server/cache/selecting.ts'
import { isEnding, isNamed, planDefinition, released, terminating } from './plan.ts'
import { DEFINITIONS, definitionIn, nameIn, type Served } from './served.ts'

/** Instances with finalizers of their own go when somebody else lets them. */
const LOOK_AGAIN_MS = 500
const EMPTIED_AT_ONCE = 2

export interface LifecycleOptions {
  readonly cache: Cache
  readonly served: Served
  readonly transport: Transport
  readonly turns: Turns
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Begins the deletion of everything stored of a resource in one namespace, '' for one without. */
  readonly removeAll: (resource: Resource, namespace: string, signal: AbortSignal) => Promise<void>
  /** Some definition has changed. */
  readonly onChange: () => void
}

export interface Lifecycle {
  close(): void
}

export function startLifecycle(options: LifecycleOptions): Lifecycle {
  const { cache, clock, random, log, transport } = options
  const definitions = resourceClient<CustomResourceDefinition>(transport, RESOURCE)
  const following: Following = {
    ...options,
    definitions,
    enqueue: name => controller.enqueue(name),
    empty: name => emptying.enqueue(name),
  }
  const shared = { needs: [], clock, random, log }
  const controller: Controller = createController({
    ...shared,
    name: 'custom-resource-definitions',
    workers: 1,
    sync: (name, signal) => sync(following, name, signal),
  })
  // Many instances take their time, and others must not wait for it.
  const emptying: Controller = createController({
    ...shared,
    name: 'custom-resource-instances',
    workers: EMPTIED_AT_ONCE,
    sync: (name, signal) => end(following, name, signal),
  })
  const ending = new AbortController()
  // Events may come before the watch itself is known.
  let owed = 0
  for (const part of [controller, emptying]) {
    part
      .run(ending.signal)
      .catch((error: unknown) =>
        log.error('definitions are not followed', { name: part.name, error }),
      )
  }
  const watch = cache.watch(
    { groupResource: DEFINITIONS, namespace: '' },
    { afterRevision: undefined, initialEvents: true, initialEventsEnd: false, bookmarks: false },
    {
      onEvents(events) {
        for (const { item } of events) if (item !== undefined) controller.enqueue(nameIn(item))
        drained(events)
        options.onChange()
      },
      onEnd: () => {},
    },
  )
  function drained(events: readonly CacheEvent[]): void {
    for (const event of events) owed += costOf(event)
    queueMicrotask(settle)
  }
  function settle(): void {
    const bytes = owed
    owed = 0
    if (bytes > 0) watch.drained(bytes)
  }
  return {
    close() {
      watch.close()
      ending.abort()
    },
  }
}

const RESOURCE = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
}

interface Following extends LifecycleOptions {
  readonly definitions: ResourceClient<CustomResourceDefinition>
  readonly enqueue: (name: string) => void
  /** To delete its instances. */
  readonly empty: (name: string) => void
}

const groupIn = (name: string): string => name.slice(name.indexOf('.') + 1)

async function sync(following: Following, name: string, signal: AbortSignal): Promise<undefined> {
  await following.turns.take()
  const item = following.cache.get(DEFINITIONS, '', name)
  if (item === undefined) {
    // Its names are free now.
    for (const other of await othersOf(following, name)) following.enqueue(nameIn(other))
    return undefined
  }
  const definition = definitionIn(item)
  if (isEnding(definition)) {
    following.empty(name)
    return undefined
  }
  // Big ones are not read for nothing.
  const others = isNamed(definition) ? [] : await othersOf(following, name)
  const next = planDefinition(definition, others.map(definitionIn), following.clock.now())
  if (next === undefined || !(await write(following, next, signal))) return undefined
  for (const other of others) following.enqueue(nameIn(other))
  return undefined
}

async function othersOf({ cache }: Following, name: string): Promise<readonly Cached[]> {
  const { items } = await cache.list({ groupResource: DEFINITIONS, namespace: '' }, { limit: 0 })
  return items.filter(item => nameIn(item) !== name && groupIn(nameIn(item)) === groupIn(name))
}

/** False when somebody else was faster: their change brings us here again. */
async function write(
  { definitions }: Following,
  next: CustomResourceDefinition,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await definitions.updateStatus(next, {}, signal)
    return true
  } catch (error) {
    if (!isReason(error, 'NotFound', 'Conflict')) throw error
    return false
  }
}

/** Says that it begins, deletes every instance, and lets go once none is left. */
async function end(
  following: Following,
  name: string,
  signal: AbortSignal,
): Promise<SyncResult | undefined> {
  const { cache, served, clock, removeAll } = following
  const item = cache.get(DEFINITIONS, '', name)
  const definition = item && definitionIn(item)
  if (definition === undefined || !isEnding(definition)) return undefined
  const emptying = terminating(definition, 'emptying', clock.now())
  const isBegun = (definition.status?.conditions ?? []).some(
    ({ reason }) => reason === 'InstanceDeletionInProgress',
  )
  // Our own write brings us here again.
  if (!isBegun) return void (await write(following, emptying, signal))
  const resource = served.storageOf(name)
  if (resource !== undefined) {
    const instances = { groupResource: groupResource(resource), namespace: '' }
    const { items } = await cache.list(instances, { limit: 0 })
    for (const namespace of new Set(items.map(({ key }) => partsOf(key).namespace)))
      await removeAll(resource, namespace, signal)
    const left = await cache.list(instances, { limit: 1 })
    if (left.items.length > 0) return { requeueAfterMs: LOOK_AGAIN_MS }
  }
  await write(following, released(definition, clock.now()), signal)
  return undefined
}
