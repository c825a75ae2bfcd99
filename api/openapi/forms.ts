/**
 * Operations as v3 and as v2 write them. Pure but for what a form collects: the schemas that operations refer to, and in
 * v2 the parameters that they share.
 *
 * Source: k8s.io/kube-openapi pkg/builder3, pkg/builder (parameters.go)
 */
import type { TypedKind } from '#api/scheme.ts'
import type { OperationPlan } from './operations.ts'
import { META } from './operations.ts'
import { type Parameter, sorted } from './parameters.ts'
import type { Schema } from './portions.ts'
import { referenceTo } from './schemas.ts'

export interface Subject {
  /** What operation ids have in front of and behind what the plan says: `CoreV1`, `NamespacedPod`. */
  readonly prefix: string
  readonly title: string
  readonly tag: string
  readonly kind?: TypedKind
}

export interface Form {
  operation(plan: OperationPlan, subject: Subject, parameters: readonly Parameter[]): Schema
  parameters(parameters: readonly Parameter[]): readonly unknown[]
  /** The schemas that were referred to, by name. */
  readonly named: ReadonlyMap<string, Schema>
}

const UNAUTHORIZED = { description: 'Unauthorized' }
const DESCRIPTIONS = { 200: 'OK', 201: 'Created', 202: 'Accepted' } as const
const TEXT: Schema = { type: 'string' }

/** What comes behind the forms of parameters and bodies, the same in both versions. */
function factsOf({ action }: OperationPlan, { kind }: Subject): Schema {
  if (action === undefined || kind === undefined) return {}
  const { group, version } = kind
  return {
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, version, kind: kind.kind },
  }
}

const identity = (
  { word, infix = '' }: OperationPlan,
  { prefix, title, tag }: Subject,
): Schema => ({
  operationId: `${word}${prefix}${infix}${title}`,
  tags: [tag],
})

export function formOfV3(): Form {
  const named = new Map<string, Schema>()
  const schemaOf = (name: string | undefined): Schema => {
    if (name === undefined) return TEXT
    const reference = named.get(name) ?? referenceTo(name)
    named.set(name, reference)
    return reference
  }
  const content = (types: readonly string[], name: string | undefined): Schema => {
    const schema = schemaOf(name)
    return Object.fromEntries(types.map(type => [type, { schema }]))
  }
  return {
    named,
    parameters: given => given,
    operation(plan, subject, parameters) {
      const answer = content(plan.produces, plan.answer)
      const answers = plan.codes.map(
        code => [code, { description: DESCRIPTIONS[code], content: answer }] as const,
      )
      return {
        ...identity(plan, subject),
        ...(parameters.length === 0 ? {} : { parameters }),
        ...(plan.body === undefined
          ? {}
          : {
              requestBody: {
                content: content(plan.consumes, plan.body),
                ...(plan.isBodyOptional === true ? {} : { required: true }),
              },
            }),
        responses: { ...Object.fromEntries(answers), 401: UNAUTHORIZED },
        ...factsOf(plan, subject),
      }
    },
  }
}

/** What shared parameters are called by is told when all operations are made. */
export interface FormOfV2 extends Form {
  shared(): Schema
}

export function formOfV2(): FormOfV2 {
  const named = new Map<string, Schema>()
  const shared = new Map<string, Schema>()
  const references = new Map<Parameter | string, Schema>()
  const schemaOf = (name: string | undefined): Schema => {
    if (name === undefined) return TEXT
    const reference = named.get(name) ?? { $ref: `#/definitions/${name}` }
    named.set(name, reference)
    return reference
  }
  const share = (key: Parameter | string, name: string, make: () => Schema): Schema => {
    const known = references.get(key)
    if (known !== undefined) return known
    const parameter = make()
    const called = `${name}-${hashOf(JSON.stringify(parameter))}`
    shared.set(called, parameter)
    const reference = { $ref: `#/parameters/${called}` }
    references.set(key, reference)
    return reference
  }
  const parameterOf = (parameter: Parameter): Schema =>
    UNSHARED.has(parameter.name)
      ? plain(parameter)
      : share(parameter, parameter.name, () => plain(parameter))
  const bodyOf = ({ isBodyOptional }: OperationPlan, name: string): Schema => {
    const make = (): Schema => ({
      name: 'body',
      in: 'body',
      ...(isBodyOptional === true ? {} : { required: true }),
      schema: schemaOf(name),
    })
    return name.startsWith(`${META}.`) ? share(name, 'body', make) : make()
  }
  return {
    named,
    parameters: given => given.map(parameterOf),
    shared: () => Object.fromEntries(shared),
    operation(plan, subject, parameters) {
      const { body } = plan
      const before = parameters.filter(({ name }) => name < 'body')
      const all = [
        ...before.map(parameterOf),
        ...(body === undefined ? [] : [bodyOf(plan, body)]),
        ...parameters.slice(before.length).map(parameterOf),
      ]
      const schema = schemaOf(plan.answer)
      const answers = plan.codes.map(
        code => [code, { description: DESCRIPTIONS[code], schema }] as const,
      )
      return {
        ...identity(plan, subject),
        ...(plan.consumes.length === 0 ? {} : { consumes: plan.consumes }),
        produces: plan.produces,
        schemes: ['https'],
        ...(all.length === 0 ? {} : { parameters: all }),
        responses: { ...Object.fromEntries(answers), 401: UNAUTHORIZED },
        ...factsOf(plan, subject),
      }
    },
  }
}

/** Names of objects are told by kind; the others are what old versions of kubectl look for. */
const UNSHARED: ReadonlySet<string> = new Set(['name', 'dryRun', 'fieldValidation'])

/** The type of a path or query parameter stands in the parameter itself. */
const plain = ({ schema, ...rest }: Parameter): Schema => ({ ...rest, ...schema })

const FNV_OFFSET = 0xcbf29ce484222325n
const FNV_PRIME = 0x100000001b3n
const HASH_BYTES = 6

/** FNV-1 of 64 bits, of which the first six bytes are kept. */
function hashOf(text: string): string {
  let hash = FNV_OFFSET
  for (const byte of Buffer.from(text)) hash = BigInt.asUintN(64, hash * FNV_PRIME) ^ BigInt(byte)
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(hash)
  return bytes.subarray(0, HASH_BYTES).toString('base64url')
}

interface Planned {
  readonly plans: readonly OperationPlan[]
  readonly subject: Subject
  /** Of all operations of the path. */
  readonly parameters: readonly Parameter[]
}

/** What all operations of a path have in common stands in the path. */
export function pathItem(form: Form, { plans, subject, parameters }: Planned): Schema {
  const [first, ...others] = plans
  const common = new Set(
    first?.parameters.filter(one => others.every(plan => plan.parameters.includes(one))),
  )
  const atPath = form.parameters(sorted([...parameters, ...common]))
  const operations = plans.map(plan => {
    const own = sorted(plan.parameters.filter(one => !common.has(one)))
    return [plan.method, form.operation(plan, subject, own)] as const
  })
  return {
    ...Object.fromEntries(operations),
    ...(atPath.length === 0 ? {} : { parameters: atPath }),
  }
}
