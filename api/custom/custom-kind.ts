/**
 * The kinds that CustomResourceDefinitions define: one `CustomKind` for each version of a definition, with all that
 * the server asks of a kind. Pure; everything is compiled when the kind is made, nothing per request.
 *
 * A definition that was stored has passed its own validation. Its rules in CEL (`x-kubernetes-validations`) are kept
 * and not judged, which `hasRules` tells; conversion between versions changes the apiVersion alone.
 * Source: k8s.io/apiextensions-apiserver pkg/apiserver/customresource_handler.go, pkg/registry/customresource
 */
import type { Decoded } from '#api/codec.ts'
import type { Printer } from '#api/columns/printer.ts'
import { propertyOf } from '#api/json.ts'
import type { AnyObject } from '#api/object.ts'
import type { StructType } from '#api/schema/type.ts'
import type { FieldError } from '#api/status.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from '#api/types/apiextensions-v1.ts'
import type { Schema } from '#api/validation/structural-schemas.ts'
import { compareVersions } from '#api/versions.ts'
import { isRecord, listOf } from '#api/values.ts'
import { customPrinter, SCALE_COLUMNS } from './columns.ts'
import { convertedTo, decodeCustom, type DecodeOptions } from './decoding.ts'
import { defaultedValue } from './defaulting.ts'
import { customFaults, customStatusFaults, finalizerWarnings, type Judging } from './judging.ts'
import { type Scaled, scaledOf, type ScalePaths, scalePathsOf, withReplicasAt } from './scale.ts'
import { structTypeOf } from './struct-type.ts'
import { OPEN, structureOf } from './structure.ts'

export type { DecodeOptions } from './decoding.ts'
export type { Scaled, ScalePaths } from './scale.ts'

/** One version of a definition. Objects are never modified; what changes nothing returns the object itself. */
export interface CustomKind {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly listKind: string
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly namespaced: boolean
  readonly isServed: boolean
  readonly isStorage: boolean
  /** What every request for it is told; '' for nothing. */
  readonly deprecation: string
  readonly subresources: readonly ('status' | 'scale')[]
  readonly scale: ScalePaths | undefined
  /** Whether the schema has rules in CEL, which are not judged. */
  readonly hasRules: boolean
  /** As the definition states it, for OpenAPI; undefined for a version of v1beta1 without one. */
  readonly schema: Schema | undefined
  /** What server-side apply, merging and encoding walk. */
  readonly type: StructType
  /** Beyond `metadata.name` and `metadata.namespace`, as `spec.color`. */
  readonly selectableFields: readonly string[]
  readonly printer: Printer
  /** Of the scale subresource: desired, available, age. */
  readonly scalePrinter: Printer

  /**
   * A parsed body (or what a patch made of the stored object) as an object of this kind: metadata as every kind's,
   * unknown fields dropped, nulls that may not be dropped.
   * Throws  StatusError(BadRequest) with upstream's words.
   */
  decode(value: unknown, options: DecodeOptions): Decoded
  /** The schema's defaults filled in: after `decode`, before admission. */
  defaulted(object: AnyObject): AnyObject
  /**
   * A stored object as it is served in this version, `stored` being the kind it was written in: pruned and defaulted
   * by the schema it was stored under, then pruned by this one's.
   */
  restored(object: AnyObject, stored: CustomKind): AnyObject
  /** An object of any version in the form of this one (for storing, say). */
  converted(object: AnyObject): AnyObject
  /** On create without `old`; on update what did not change is not judged again. */
  faults(object: AnyObject, old?: AnyObject): readonly FieldError[]
  /** A write of the status subresource: only the status is judged. */
  statusFaults(object: AnyObject, old: AnyObject): readonly FieldError[]
  /** For the Warning header of a write. */
  warnings(object: AnyObject, old?: AnyObject): readonly string[]
  /** The value of a selectable field: '' where there is none. */
  fieldValue(object: AnyObject, field: string): string
  /** Throws Error without a scale subresource. */
  scaled(object: AnyObject): Scaled
  /** The object with another number of replicas. */
  withReplicas(object: AnyObject, replicas: number): AnyObject
}

/** All versions of a definition in its order, served or not. */
export const customKindsOf = (definition: CustomResourceDefinition): readonly CustomKind[] =>
  definition.spec.versions.map(version => customKindOf(definition, version))

function customKindOf(
  definition: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
): CustomKind {
  const names = namesOf(definition, version)
  const root = version.schema?.openAPIV3Schema
  const schema = root === undefined ? undefined : { ...root }
  const described = schema === undefined ? OPEN : structureOf(schema)
  const isOpen = definition.spec.preserveUnknownFields === true
  const structure = isOpen ? OPEN : described
  const { status, scale } = version.subresources ?? {}
  const paths = scale === undefined ? undefined : scalePathsOf(scale)
  const scaling = (): ScalePaths => {
    if (paths === undefined) throw new Error(`${names.kind} has no scale`)
    return paths
  }
  const judging: Judging = { ...names, schema, structure, scale: paths, hasRules: hasRules(schema) }
  const converted = (object: AnyObject): AnyObject => convertedTo({ ...names, structure }, object)
  // The seam: defaults stand beside the object's own kind and metadata.
  const defaulted = (object: AnyObject): AnyObject => defaultedValue(object, structure) as AnyObject
  const kind: CustomKind = {
    ...names,
    isServed: version.served,
    isStorage: version.storage,
    deprecation: deprecationOf(definition, version),
    subresources: [
      ...(status === undefined ? [] : (['status'] as const)),
      ...(paths === undefined ? [] : (['scale'] as const)),
    ],
    scale: paths,
    hasRules: judging.hasRules,
    schema,
    type: structTypeOf(openApiName(names), described, isOpen),
    selectableFields: (version.selectableFields ?? []).map(({ jsonPath }) => withoutDot(jsonPath)),
    printer: customPrinter(version.additionalPrinterColumns),
    scalePrinter: customPrinter(SCALE_COLUMNS),
    decode: (value, options) => decodeCustom({ ...names, structure }, value, options),
    defaulted,
    restored: (object, stored) =>
      stored === kind
        ? defaulted(converted(object))
        : converted(stored.defaulted(stored.converted(object))),
    converted,
    faults: (object, old) => customFaults(judging, object, old),
    statusFaults: (object, old) => customStatusFaults(judging, object, old),
    warnings: finalizerWarnings,
    fieldValue: (object, field) => textAt(object, field),
    scaled: object => scaledOf(object, scaling()),
    withReplicas: (object, count) => withReplicasAt(object, scaling().specReplicasPath, count),
  }
  return kind
}

const withoutDot = (path: string): string => path.replace(/^\./, '')

type Names = Pick<
  CustomKind,
  | 'group'
  | 'version'
  | 'kind'
  | 'listKind'
  | 'plural'
  | 'singular'
  | 'shortNames'
  | 'categories'
  | 'namespaced'
>

function namesOf(
  { spec }: CustomResourceDefinition,
  { name: version }: CustomResourceDefinitionVersion,
): Names {
  const { kind, plural, listKind, singular, shortNames = [], categories = [] } = spec.names
  return {
    group: spec.group,
    version,
    kind,
    listKind: listKind ?? `${kind}List`,
    plural,
    singular: singular ?? kind.toLowerCase(),
    shortNames,
    categories,
    namespaced: spec.scope === 'Namespaced',
  }
}

/** `com.example.stable.v1.CronTab`. */
const openApiName = ({ group, version, kind }: Names): string =>
  [...group.split('.').toReversed(), version, kind].join('.')

function deprecationOf(
  { spec }: CustomResourceDefinition,
  { name, deprecated = false, deprecationWarning }: CustomResourceDefinitionVersion,
): string {
  if (!deprecated) return ''
  if (deprecationWarning !== undefined) return deprecationWarning
  const { group, names } = spec
  const [use] = spec.versions
    .filter(other => other.served && other.deprecated !== true)
    .map(other => other.name)
    .filter(other => compareVersions(name, other) < 0)
    .toSorted((left, right) => compareVersions(right, left))
  const instead = use === undefined ? '' : `; use ${group}/${use} ${names.kind}`
  return `${group}/${name} ${names.kind} is deprecated${instead}`
}

/** Rules may stand at every level, junctors included. */
const hasRules = (schema: unknown): boolean =>
  Array.isArray(schema)
    ? schema.some(hasRules)
    : isRecord(schema) &&
      (listOf(schema['x-kubernetes-validations']).length > 0 ||
        Object.values(schema).some(hasRules))

function textAt(object: AnyObject, field: string): string {
  let value: unknown = object
  for (const step of field.split('.')) value = isRecord(value) ? propertyOf(value, step) : undefined
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : ''
}
