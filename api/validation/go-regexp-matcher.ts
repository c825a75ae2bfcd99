/**
 * Whether a text matches a regular expression of Go, in a time that grows with the text alone: JavaScript's own engine
 * back-tracks, and one pattern of a stranger could hold the server for hours. Pure.
 *
 * The expression becomes a machine that is in many states at once (Thompson), and each set of states that occurs is
 * remembered with where the next character leads (a lazy DFA), so that most characters cost one look-up.
 * Bounds  expressions of more than INSTRUCTIONS_MAX steps are not taken; a match gives up after WORK_MAX steps that
 *         were not remembered, and then the text does not match.
 * Source: Go regexp (RE2). Differs: Go has no such bounds.
 */
import { isWord } from '#api/validation/go-regexp-classes.ts'
import { type Assertion, goRegexpTree, type Tree } from '#api/validation/go-regexp-tree.ts'

const INSTRUCTIONS_MAX = 20_000
const WORK_MAX = 200_000
/** Instructions in all sets that are remembered: more than these, and remembering begins anew. */
const REMEMBERED_MAX = 100_000
const CHARACTERS_MAX = 100
const ASCII = 128

type Instruction =
  | { readonly kind: 'one'; readonly test: RegExp; readonly next: number }
  | { readonly kind: 'assert'; readonly what: Assertion; readonly next: number }
  | { readonly kind: 'either'; readonly next: number; other: number }
  | { readonly kind: 'match' }

export interface Matcher {
  matches(text: string): boolean
}

class TooLarge extends Error {}

/** undefined for an expression that is too large. */
export function matcherOf(expression: string): Matcher | undefined {
  const program: Instruction[] = [{ kind: 'match' }]
  try {
    const start = assemble(program, goRegexpTree(expression), 0)
    return new Machine(program, start)
  } catch (error) {
    if (error instanceof TooLarge) return undefined
    throw error
  }
}

/** Appends what does `tree` and goes on at `next`; returns where it begins. */
function assemble(program: Instruction[], tree: Tree, next: number): number {
  if (program.length > INSTRUCTIONS_MAX) throw new TooLarge()
  switch (tree.kind) {
    case 'one':
      return program.push({ kind: 'one', test: tree.test, next }) - 1
    case 'assert':
      return program.push({ kind: 'assert', what: tree.what, next }) - 1
    case 'all':
      return tree.parts.reduceRight((after, part) => assemble(program, part, after), next)
    case 'any':
      return tree.parts
        .map(part => assemble(program, part, next))
        .reduceRight((other, first) => program.push({ kind: 'either', next: first, other }) - 1)
    default:
      return assembleRepeat(program, tree, next)
  }
}

function assembleRepeat(
  program: Instruction[],
  { of, min, max }: Extract<Tree, { kind: 'repeat' }>,
  next: number,
): number {
  let start = next
  if (max === Infinity) {
    const loop: Instruction = { kind: 'either', next, other: next }
    start = program.push(loop) - 1
    loop.other = assemble(program, of, start)
  } else {
    for (let optional = max - min; optional > 0; optional--) {
      const inner = assemble(program, of, start)
      start = program.push({ kind: 'either', next, other: inner }) - 1
    }
  }
  for (let times = min; times > 0; times--) start = assemble(program, of, start)
  return start
}

/** What is before a place, as far as assertions ask. */
type Before = 'begin' | 'newline' | 'word' | 'other'

/** A set of instructions to go on at, before its assertions and choices are followed. */
interface State {
  readonly pending: readonly number[]
  readonly before: Before
  readonly ascii: (State | null | undefined)[]
  readonly others: Map<number, State | null>
}

const END = -1
const NEWLINE = 10

class Machine implements Matcher {
  readonly #program: readonly Instruction[]
  readonly #start: number
  #states = new Map<string, State>()
  #remembered = 0
  #work = 0

  constructor(program: readonly Instruction[], start: number) {
    this.#program = program
    this.#start = start
  }

  matches(text: string): boolean {
    this.#work = 0
    let state = this.#state([], 'begin')
    for (let at = 0; at < text.length; at++) {
      const code = text.codePointAt(at) ?? 0
      if (code > 0xff_ff) at += 1
      const next = this.#after(state, code)
      if (next === null) return true
      if (this.#work > WORK_MAX) return false
      state = next
    }
    return this.#reached(state, END) === null
  }

  /** null when the expression has matched before this character. */
  #after(state: State, code: number): State | null {
    const known = code < ASCII ? state.ascii[code] : state.others.get(code)
    if (known !== undefined) return known
    const next = this.#step(state, code)
    if (code < ASCII) state.ascii[code] = next
    else if (state.others.size < CHARACTERS_MAX) state.others.set(code, next)
    return next
  }

  #step(state: State, code: number): State | null {
    const reached = this.#reached(state, code)
    if (reached === null) return null
    const character = String.fromCodePoint(code)
    const pending = new Set<number>()
    for (const at of reached) {
      const instruction = this.#program[at]
      if (instruction?.kind === 'one' && instruction.test.test(character)) {
        pending.add(instruction.next)
      }
    }
    const before = code === NEWLINE ? 'newline' : isWord(code) ? 'word' : 'other'
    return this.#state([...pending], before)
  }

  /** Where characters are asked for, given the one that follows; null when that includes a match. */
  #reached({ pending, before }: State, code: number): readonly number[] | null {
    const seen = new Set<number>()
    const stack = [this.#start, ...pending]
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (seen.has(at)) continue
      seen.add(at)
      const instruction = this.#program[at]
      if (instruction?.kind === 'match') return null
      if (instruction?.kind === 'either') stack.push(instruction.next, instruction.other)
      else if (instruction?.kind === 'assert' && HOLDS[instruction.what](before, code)) {
        stack.push(instruction.next)
      }
    }
    this.#work += seen.size
    return [...seen]
  }

  #state(pending: readonly number[], before: Before): State {
    const key = `${before} ${pending.toSorted((left, right) => left - right).join(' ')}`
    const known = this.#states.get(key)
    if (known !== undefined) return known
    this.#remembered += pending.length + 1
    if (this.#remembered > REMEMBERED_MAX) {
      this.#states = new Map()
      this.#remembered = 0
    }
    const state: State = { pending, before, ascii: [], others: new Map() }
    this.#states.set(key, state)
    return state
  }
}

const isBoundary = (before: Before, code: number): boolean => (before === 'word') !== isWord(code)

const HOLDS: Readonly<Record<Assertion, (before: Before, code: number) => boolean>> = {
  'text-begin': before => before === 'begin',
  'text-end': (_before, code) => code === END,
  'line-begin': before => before === 'begin' || before === 'newline',
  'line-end': (_before, code) => code === END || code === NEWLINE,
  word: isBoundary,
  'no-word': (before, code) => !isBoundary(before, code),
}
