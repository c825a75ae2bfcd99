/**
 * Rows of the served table that CustomResourceDefinitions add: a `Resource` as any other, with a `CustomKind` behind it
 * where a built-in one has a schema and rules of our own. Pure.
 *
 * Source: k8s.io/apiextensions-apiserver pkg/apiserver/customresource_handler.go, customresource_discovery_controller.go
 */
import type { AnyObject } from '#api/object.ts'
import type { Resource, ResourceVerb } from '#api/scheme.ts'
import { internalError, type StatusError } from '#api/status.ts'
import type { CustomResourceDefinition } from '#api/types/apiextensions-v1.ts'
import { type CustomKind, customKindsOf } from './custom-kind.ts'

export interface CustomResource extends Resource {
  readonly custom: Custom
}

export interface Custom {
  readonly kind: CustomKind
  /** All that is stored was written under this very schema and in this version: it is shown as it is. */
  readonly isUniform: boolean
  /** The definition is being deleted: nothing new is created. */
  readonly isTerminating: boolean
  /** What every request for this version is refused with: its objects would have to be converted by a webhook. */
  readonly refusal: StatusError | undefined
  /** A stored object as this version shows it, by the schemas as they are when it is asked. */
  readonly restored: (stored: AnyObject) => AnyObject
}

/** Undefined for a kind that is built in. */
export const customOf = (resource: Resource): Custom | undefined =>
  isCustom(resource) ? resource.custom : undefined

export const isCustom = (resource: Resource): resource is CustomResource => 'custom' in resource

/** All that one definition adds. */
export interface Defined {
  /** Requests find these, also while they are not yet or no longer listed. */
  readonly served: readonly CustomResource[]
  /** Discovery and OpenAPI list these. */
  readonly listed: readonly CustomResource[]
  /** The row in whose form objects are stored, served or not. */
  readonly stored: CustomResource
  /** By the name of the version. */
  readonly kinds: ReadonlyMap<string, CustomKind>
}

/** In discovery's order, which differs from that of other kinds. */
const VERBS: readonly ResourceVerb[] = [
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'create',
  'update',
  'watch',
]
const SUBRESOURCES = ['status', 'scale'] as const
const ADDING: ReadonlySet<string> = new Set(['patch', 'create', 'update'])
const LEFT = VERBS.filter(verb => !ADDING.has(verb))

type Condition = 'Established' | 'NamesAccepted' | 'Terminating'

export const isTrue = ({ status }: CustomResourceDefinition, type: Condition): boolean =>
  (status?.conditions ?? []).some(one => one.type === type && one.status === 'True')

/** Whether objects in other versions than the stored one would have to be converted by somebody else. */
const isConvertedElsewhere = ({ spec }: CustomResourceDefinition): boolean =>
  spec.conversion?.strategy === 'Webhook'

/**
 * `latest` is asked for what the same definition adds by then: streams that were opened under an older schema show new
 * objects by the new one.
 */
export function definedBy(
  definition: CustomResourceDefinition,
  latest: () => Defined | undefined = () => undefined,
): Defined {
  const kinds = new Map(customKindsOf(definition).map(kind => [kind.version, kind]))
  const storedKind = [...kinds.values()].find(kind => kind.isStorage)
  if (storedKind === undefined) throw new Error('a definition without a stored version')
  const facts: Facts = { definition, kinds, storedKind, latest, stored: () => stored }
  const rows = [...kinds.values()].map(kind => row(facts, kind))
  const stored = rows.find(one => one.custom.kind === storedKind) ?? row(facts, storedKind)
  const isKnown = isTrue(definition, 'Established') || isTrue(definition, 'NamesAccepted')
  const served = isKnown ? rows.filter(one => one.custom.kind.isServed) : []
  const isTerminating = isTrue(definition, 'Terminating')
  const listed = isTrue(definition, 'Established')
    ? served
        .filter(one => one.custom.refusal === undefined)
        .map(one => (isTerminating ? { ...one, verbs: LEFT } : one))
    : []
  return { served, listed, stored, kinds }
}

interface Facts {
  readonly definition: CustomResourceDefinition
  readonly kinds: ReadonlyMap<string, CustomKind>
  readonly storedKind: CustomKind
  readonly latest: () => Defined | undefined
  readonly stored: () => CustomResource
}

function row(facts: Facts, kind: CustomKind): CustomResource {
  const { definition, storedKind } = facts
  const names = definition.status?.acceptedNames ?? definition.spec.names
  return {
    group: kind.group,
    version: kind.version,
    kind: kind.kind,
    plural: kind.plural,
    singular: names.singular ?? kind.singular,
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: kind.namespaced,
    verbs: VERBS,
    subresources: SUBRESOURCES.filter(name => kind.subresources.includes(name)),
    type: () => kind.type,
    storage: facts.stored,
    isOld: false,
    warning: kind.deprecation,
    custom: {
      kind,
      isUniform: isUniform(definition, kind),
      isTerminating: isTrue(definition, 'Terminating'),
      refusal: refusalOf(definition, kind, storedKind),
      restored: restoring(facts, kind),
    },
  }
}

/** A definition whose spec never changed has one schema, under which all was written. */
const isUniform = ({ metadata, status }: CustomResourceDefinition, kind: CustomKind): boolean =>
  kind.isStorage && metadata.generation === 1 && (status?.storedVersions ?? []).length <= 1

function refusalOf(
  definition: CustomResourceDefinition,
  kind: CustomKind,
  storedKind: CustomKind,
): StatusError | undefined {
  return kind !== storedKind && isConvertedElsewhere(definition)
    ? unconverted(kind, storedKind.version)
    : undefined
}

/** In upstream's words for a webhook that does not answer. */
const unconverted = ({ group, version, kind }: CustomKind, stored: string): StatusError =>
  internalError(
    `conversion webhook for ${group}/${version}, Kind=${kind} failed: conversion webhooks are not called by this server; objects are stored in version ${stored}, which needs no conversion`,
  )

/** Throws StatusError(InternalError) for an object of another version that a webhook would have to convert. */
function restoring(facts: Facts, kind: CustomKind): Custom['restored'] {
  return stored => {
    const { definition, kinds } = facts
    const latest = facts.latest()?.kinds ?? kinds
    const now = latest.get(kind.version) ?? kind
    const written = stored.apiVersion.split('/').at(-1) ?? ''
    if (written !== now.version && isConvertedElsewhere(definition)) throw unconverted(now, written)
    return now.restored(stored, latest.get(written) ?? kinds.get(written) ?? now)
  }
}
