/**
 * The resolved form of a schema: what every derivation (decode, default, prune, validate, OpenAPI, merge, apply,
 * protobuf) walks. Built lazily from the data in `api/schemas/`, shared, frozen, possibly cyclic (JSONSchemaProps).
 *
 * A built-in kind is a CRD that ships in the box, plus what upstream's Go types add as data per field:
 * zero values that vanish, null that means absent, canonical forms, protobuf numbers.
 */
import type { Json } from '#api/object.ts'

export type Scalar =
  | 'string'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'double'
  /** base64 text on the wire in JSON */
  | 'bytes'
  /** resource.Quantity: text or number in, canonical text out */
  | 'quantity'
  /** metav1.Time, RFC 3339 with seconds */
  | 'time'
  /** metav1.MicroTime */
  | 'micro-time'
  /** intstr.IntOrString */
  | 'int-or-string'
  /** metav1.Duration, Go duration text */
  | 'duration'
  /** runtime.RawExtension, FieldsV1, JSON: kept as it is, whatever it is */
  | 'raw'
  /** JSONSchemaPropsOrBool, ...OrArray, ...OrStringArray: one or the other in JSON, a message of both in protobuf */
  | 'schema-or-bool'
  | 'schema-or-list'
  | 'schema-or-names'

export interface ScalarType {
  readonly kind: 'scalar'
  readonly scalar: Scalar
  readonly enum?: readonly string[]
  /** Go's name of an enum type, for decoding errors. */
  readonly name?: string
}

export interface ListType {
  readonly kind: 'list'
  readonly items: Type
  /** Server-side apply's ownership: upstream's +listType, `atomic` when it has none. */
  readonly listType: 'atomic' | 'set' | 'map'
  /** Keys of a `map` list, in upstream's order. */
  readonly keys: readonly string[]
}

export interface MapType {
  readonly kind: 'map'
  readonly values: Type
  readonly mapType: 'granular' | 'atomic'
}

export interface StructType {
  readonly kind: 'struct'
  /** `io.k8s.api.core.v1.PodSpec`: the OpenAPI name. */
  readonly name: string
  readonly description: string
  readonly fields: ReadonlyMap<string, Field>
  /** What members are that no field names, where such are kept (x-kubernetes-preserve-unknown-fields). */
  readonly others?: Type
  /** +structType=atomic / +mapType=atomic: owned as one by server-side apply. */
  readonly atomic: boolean
}

export type Type = ScalarType | ListType | MapType | StructType

const deduced: { kind: 'map'; values: Type; mapType: 'granular' } = {
  kind: 'map',
  values: { kind: 'scalar', scalar: 'raw' },
  mapType: 'granular',
}
deduced.values = deduced

/** Of what no schema describes, objects are owned by member, everything else as one: it shows in the value. */
export const DEDUCED: Type = deduced

/** What a member of a struct or map is; undefined for one that a struct does not have. */
export const memberType = (type: StructType | MapType, key: string): Type | undefined =>
  type.kind === 'map' ? type.values : (type.fields.get(key)?.type ?? type.others)

export interface Field {
  /** JSON name. */
  readonly name: string
  readonly type: Type
  readonly description: string
  /** Protobuf field number; 0 where upstream has none. */
  readonly number: number
  /** Go embeds the struct that declares it: protobuf numbers of the messages it sits in, outermost first. */
  readonly inline?: readonly number[]
  /** Go names of the embedded structs that declare it, outermost first. */
  readonly within?: readonly string[]
  /** OpenAPI `required`. */
  readonly required: boolean
  /** Zero values vanish when encoded (Go's omitempty). */
  readonly omitEmpty: boolean
  /** Go pointer: zero and absent differ. */
  readonly pointer: boolean
  /** null is a value, and not the same as none (custom kinds). */
  readonly nullable?: boolean
  /** Applied when the field is absent and its parent present. */
  readonly default?: Json
  /** The default is what upstream's code does, not what its type states: documents are silent about it. */
  readonly implied?: true
  /** Strategic merge patch. */
  readonly patchMergeKey?: string
  readonly patchStrategy?: readonly ('merge' | 'replace' | 'retainKeys')[]
}
