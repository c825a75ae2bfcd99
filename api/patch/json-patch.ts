/**
 * JSON Patch (RFC 6902): a document and operations in, a new document out; the input is not touched. Pure.
 * Each container is copied once, on its first change: ten thousand operations on one big map stay cheap.
 *
 * Throws  StatusError(BadRequest) when the operations are no patch; StatusError(RequestEntityTooLarge) when there are
 *         too many or copies make the document explode; StatusError(Invalid), always with the same upstream sentence,
 *         when an operation does not apply.
 * Source: RFC 6902, RFC 6901; k8s.io/apiserver pkg/endpoints/handlers/patch.go applyJSPatch
 */

import { jsonKindOf } from '#api/go-text.ts'
import { equalJson, isList, propertyOf, setProperty } from '#api/json.ts'
import { badRequest, StatusError } from '#api/status.ts'
import { isRecord } from '#api/values.ts'

const OPERATIONS_MAX = 10_000
/** Characters of JSON that `copy` operations may add together. */
const COPIED_MAX = 3 * 1024 * 1024

type Pointer = readonly string[]

type Operation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: Pointer; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: Pointer }
  | { readonly op: 'move' | 'copy'; readonly path: Pointer; readonly from: Pointer }

/** A patch at work. */
interface Work {
  /** Containers that this patch has made: only they are changed in place. */
  readonly own: WeakSet<object>
  /** Characters that copies have added. */
  copied: number
}

export function applyJsonPatch(document: unknown, operations: unknown): unknown {
  const work: Work = { own: new WeakSet(), copied: 0 }
  return parseOperations(operations).reduce<unknown>(
    (current, operation) => applyOperation(current, operation, work),
    document,
  )
}

function parseOperations(operations: unknown): Operation[] {
  if (operations === null) return []
  if (!isList(operations)) {
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${jsonKindOf(operations)} into Go value of type []handlers.jsonPatchOp`,
    )
  }
  if (operations.length > OPERATIONS_MAX) {
    throw new StatusError(
      'RequestEntityTooLarge',
      `Request entity too large: The allowed maximum operations in a JSON patch is ${OPERATIONS_MAX}, got ${operations.length}`,
    )
  }
  return operations.map(parseOperation)
}

function parseOperation(operation: unknown): Operation {
  if (!isRecord(operation)) throw badRequest('a JSON patch operation must be an object')
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

function applyOperation(document: unknown, operation: Operation, work: Work): unknown {
  const { path } = operation
  switch (operation.op) {
    case 'add':
      return edit(document, path, { work, change: addAt(operation.value) })
    case 'replace':
      return edit(document, path, { work, change: replaceAt(operation.value) })
    case 'remove':
      return edit(document, path, { work, change: removeAt })
    case 'test':
      return tested(document, path, operation.value)
    case 'move': {
      const value = valueAt(document, operation.from)
      const without = edit(document, operation.from, { work, change: removeAt })
      return edit(without, path, { work, change: addAt(value) })
    }
    case 'copy': {
      const value = copied(document, operation.from, work)
      return edit(document, path, { work, change: addAt(value) })
    }
    default:
      return assertNever(operation)
  }
}

/** A copy of a value, its size charged: ten copies of everything into itself would be a thousandfold. */
function copied(document: unknown, from: Pointer, work: Work): unknown {
  const text = JSON.stringify(valueAt(document, from))
  work.copied += text.length
  if (work.copied <= COPIED_MAX) return JSON.parse(text)
  throw new StatusError(
    'RequestEntityTooLarge',
    `Unable to complete the copy, the accumulated size increase of copy is ${work.copied}, exceeding the limit ${COPIED_MAX}`,
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
  return isRecord(parent) ? propertyOf(parent, step) : undefined
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

/** How an operation changes the container of the place it names; `whole` replaces the document itself. */
interface Change {
  readonly whole: (document: unknown) => unknown
  readonly list: (list: unknown[], step: string) => void
  readonly object: (object: Record<string, unknown>, step: string) => void
}

function edit(
  document: unknown,
  path: Pointer,
  { work, change }: { readonly work: Work; readonly change: Change },
): unknown {
  const last = path.at(-1)
  if (last === undefined) return change.whole(document)
  const root = owned(document, work)
  let container = root
  for (const step of path.slice(0, -1)) {
    const child = owned(childOf(container, step), work)
    if (isMutableList(container)) container[indexIn(step, container.length - 1)] = child
    else setProperty(container, step, child)
    container = child
  }
  if (isMutableList(container)) change.list(container, last)
  else change.object(container, last)
  return root
}

type Container = unknown[] | Record<string, unknown>

const isMutableList = (container: Container): container is unknown[] => Array.isArray(container)

/** The container itself when this patch made it, a copy of it otherwise. */
function owned(value: unknown, { own }: Work): Container {
  // The seam: what is in `own` was made below, so it may be changed.
  if (typeof value === 'object' && value !== null && own.has(value)) return value as Container
  const copy = isList(value) ? [...value] : isRecord(value) ? { ...value } : undefined
  if (copy === undefined) throw inapplicable()
  own.add(copy)
  return copy
}

const addAt = (value: unknown): Change => ({
  whole: () => value,
  list: (list, step) =>
    void list.splice(step === '-' ? list.length : indexIn(step, list.length), 0, value),
  object: (object, step) => setProperty(object, step, value),
})

const replaceAt = (value: unknown): Change => ({
  whole: () => value,
  list: (list, step) => void (list[indexIn(step, list.length - 1)] = value),
  // A member that is not there is made, as upstream's library has it.
  object: (object, step) => setProperty(object, step, value),
})

const removeAt: Change = {
  whole: () => {
    throw inapplicable()
  },
  list: (list, step) => void list.splice(indexIn(step, list.length - 1), 1),
  object: (object, step) => {
    if (!Object.hasOwn(object, step)) throw inapplicable()
    delete object[step]
  },
}
