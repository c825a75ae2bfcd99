/**
 * JSON Patch (RFC 6902): a document and operations in, a new document out; the input is not touched. Pure.
 *
 * Throws  StatusError(BadRequest) when the operations are no patch; StatusError(RequestEntityTooLarge) when there are
 *         too many or copies make the document explode; StatusError(Invalid), always with the same upstream sentence,
 *         when an operation does not apply.
 * Source: RFC 6902, RFC 6901; k8s.io/apiserver pkg/endpoints/handlers/patch.go applyJSPatch
 */
import { equalJson, isList, isObject, type JsonObject, propertyOf } from '#api/json.ts'
import { badRequest, StatusError } from '#api/status.ts'

const OPERATIONS_MAX = 10_000
/** Characters of JSON that `copy` operations may add together. */
const COPIED_MAX = 3 * 1024 * 1024

type Pointer = readonly string[]

type Operation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: Pointer; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: Pointer }
  | { readonly op: 'move' | 'copy'; readonly path: Pointer; readonly from: Pointer }

export function applyJsonPatch(document: unknown, operations: unknown): unknown {
  const budget = { copied: 0 }
  return parseOperations(operations).reduce<unknown>(
    (current, operation) => applyOperation(current, operation, budget),
    document,
  )
}

function parseOperations(operations: unknown): Operation[] {
  if (!isList(operations)) {
    throw badRequest('json: cannot unmarshal object into Go value of type jsonpatch.Patch')
  }
  if (operations.length > OPERATIONS_MAX) {
    throw new StatusError(
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is ${OPERATIONS_MAX}, got ${operations.length}`,
    )
  }
  return operations.map(parseOperation)
}

function parseOperation(operation: unknown): Operation {
  if (!isObject(operation)) throw badRequest('a JSON patch operation must be an object')
  const { op, path, from, value } = operation
  switch (op) {
    case 'add':
    case 'replace':
    case 'test':
      return { op, path: parsePointer(path), value: value === undefined ? null : value }
    case 'remove':
      return { op, path: parsePointer(path) }
    case 'move':
    case 'copy':
      return { op, path: parsePointer(path), from: parsePointer(from) }
    default:
      throw inapplicable()
  }
}

/** The sentence every failed operation answers with. */
const inapplicable = (): StatusError =>
  new StatusError('Invalid', 'the server rejected our request due to an error in our request', {})

function parsePointer(text: unknown): Pointer {
  if (text === '') return []
  if (typeof text !== 'string' || !text.startsWith('/')) throw inapplicable()
  return text
    .slice(1)
    .split('/')
    .map(step => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function applyOperation(
  document: unknown,
  operation: Operation,
  budget: { copied: number },
): unknown {
  switch (operation.op) {
    case 'add':
      return edit(document, operation.path, addAt(operation.value))
    case 'replace':
      return edit(document, operation.path, replaceAt(operation.value))
    case 'remove':
      return edit(document, operation.path, removeAt)
    case 'test':
      return tested(document, operation.path, operation.value)
    case 'move': {
      const value = valueAt(document, operation.from)
      return edit(edit(document, operation.from, removeAt), operation.path, addAt(value))
    }
    case 'copy':
      return edit(document, operation.path, addAt(copied(document, operation.from, budget)))
    default:
      return assertNever(operation)
  }
}

/** A value to copy, its size charged: ten copies of everything into itself would be a thousandfold. */
function copied(document: unknown, from: Pointer, budget: { copied: number }): unknown {
  const value = valueAt(document, from)
  budget.copied += JSON.stringify(value).length
  if (budget.copied <= COPIED_MAX) return value
  throw new StatusError(
    'RequestEntityTooLarge',
    `Unable to complete the copy, the accumulated size increase of copy is ${budget.copied}, exceeding the limit ${COPIED_MAX}`,
  )
}

function assertNever(operation: never): never {
  throw new Error(`unreachable: ${JSON.stringify(operation)}`)
}

/** Position in a list; `end` is the highest that is allowed. */
function indexIn(step: string, end: number): number {
  if (!/^(0|[1-9][0-9]*)$/.test(step)) throw inapplicable()
  const index = Number(step)
  if (index > end) throw inapplicable()
  return index
}

/** The value below one step; undefined when there is none. */
function childOf(parent: unknown, step: string): unknown {
  if (isList(parent)) return parent[indexIn(step, parent.length - 1)]
  return isObject(parent) ? propertyOf(parent, step) : undefined
}

function valueAt(document: unknown, path: Pointer): unknown {
  let value = document
  for (const step of path) value = childOf(value, step)
  if (value === undefined) throw inapplicable()
  return value
}

/** A test for null also holds where there is nothing, as upstream's library has it. */
function tested(document: unknown, path: Pointer, expected: unknown): unknown {
  let actual = document
  for (const step of path.slice(0, -1)) actual = childOf(actual, step)
  const last = path.at(-1)
  if (last !== undefined) actual = childOf(actual, last)
  if (actual === undefined ? expected !== null : !equalJson(actual, expected)) throw inapplicable()
  return document
}

/** How an operation changes the parent of the place it names; `whole` replaces the document itself. */
interface Edit {
  readonly whole: (document: unknown) => unknown
  readonly list: (parent: readonly unknown[], step: string) => unknown
  readonly object: (parent: JsonObject, step: string) => unknown
}

function edit(document: unknown, path: Pointer, change: Edit): unknown {
  const [step, ...rest] = path
  if (step === undefined) return change.whole(document)
  const isParent = rest.length === 0
  if (isList(document)) {
    if (isParent) return change.list(document, step)
    const index = indexIn(step, document.length - 1)
    return document.with(index, edit(document[index], rest, change))
  }
  if (!isObject(document)) throw inapplicable()
  if (isParent) return change.object(document, step)
  if (!Object.hasOwn(document, step)) throw inapplicable()
  return { ...document, [step]: edit(document[step], rest, change) }
}

const addAt = (value: unknown): Edit => ({
  whole: () => value,
  list: (parent, step) =>
    parent.toSpliced(step === '-' ? parent.length : indexIn(step, parent.length), 0, value),
  object: (parent, step) => ({ ...parent, [step]: value }),
})

const replaceAt = (value: unknown): Edit => ({
  whole: () => value,
  list: (parent, step) => parent.with(indexIn(step, parent.length - 1), value),
  object: (parent, step) => {
    if (!Object.hasOwn(parent, step)) throw inapplicable()
    return { ...parent, [step]: value }
  },
})

const removeAt: Edit = {
  whole: () => {
    throw inapplicable()
  },
  list: (parent, step) => parent.toSpliced(indexIn(step, parent.length - 1), 1),
  object: (parent, step) => {
    if (!Object.hasOwn(parent, step)) throw inapplicable()
    const { [step]: _removed, ...others } = parent
    return others
  },
}
