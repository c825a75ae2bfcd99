/**
 * The ruleset as it shall be, kept up to date service by service. Owns: that state. No I/O.
 *
 * `replace` applies one service's change in time proportional to that service, and notes what it touched;
 * `takeTouched` hands that out, with what was there before, for `plan.ts` to turn into a transaction.
 *
 * Law  After any sequence of `replace` calls the state equals that of a fresh one given the same services.
 *      Of several services that claim one frontend, the one of lowest rank and smallest name has it.
 */
import { frontendId, type HostNetworks, type VirtualService } from '../model.ts'
import { compileService, type Element, type Fragment } from './fragment.ts'
import { BASE_OBJECTS, hostElements, SETS } from './layout.ts'
import type { Elements, NftObject, Ruleset } from './objects.ts'
import type { Touched } from './plan.ts'

export interface Replaced {
  readonly before: VirtualService | undefined
  readonly after: VirtualService | undefined
}

export class RulesetState implements Ruleset {
  readonly family = 'ip'
  readonly table: string
  readonly #objects = new Map<string, NftObject>()
  readonly #objectUses = new Map<string, number>()
  readonly #elements = new Map<string, Map<string, string>>()
  readonly #hairpinUses = new Map<string, number>()
  /** By frontend, then by service name. */
  readonly #claims = new Map<string, Map<string, VirtualService>>()
  readonly #fragments = new Map<string, Fragment>()
  #touchedObjects = new Map<string, NftObject | undefined>()
  #touchedElements = new Map<string, Map<string, string | undefined>>()

  #replaced = new Map<string, VirtualService | undefined>()

  constructor(table: string, host: HostNetworks) {
    this.table = table
    for (const object of BASE_OBJECTS) this.#hold(object)
    for (const element of hostElements(host)) this.#write(element, element.value)
  }

  get objects(): ReadonlyMap<string, NftObject> {
    return this.#objects
  }

  get elements(): ReadonlyMap<string, Elements> {
    return this.#elements
  }

  get frontendCount(): number {
    return this.#fragments.size
  }

  /** The service that has a frontend. */
  serviceAt(id: string): VirtualService | undefined {
    const claims = this.#claims.get(id)
    if (claims === undefined) return undefined
    let winner: VirtualService | undefined
    for (const claim of claims.values()) {
      if (winner === undefined || precedes(claim, winner)) winner = claim
    }
    return winner
  }

  /**
   * Puts `after` in place of `before`, both being what one owner adds (any number of frontends).
   * `before` must be what the same owner gave last.
   */
  replace(before: readonly VirtualService[], after: readonly VirtualService[]): void {
    const changed = new Set<string>()
    for (const { frontend } of [...before, ...after]) {
      const id = frontendId(frontend)
      if (!this.#replaced.has(id)) this.#replaced.set(id, this.serviceAt(id))
    }
    for (const service of before) {
      const id = frontendId(service.frontend)
      const claims = this.#claims.get(id)
      claims?.delete(service.name)
      if (claims?.size === 0) this.#claims.delete(id)
      changed.add(id)
    }
    for (const service of after) {
      const id = frontendId(service.frontend)
      const claims = this.#claims.get(id) ?? new Map<string, VirtualService>()
      claims.set(service.name, service)
      this.#claims.set(id, claims)
      changed.add(id)
    }
    for (const id of changed) this.#recompile(id)
  }

  /** What changed since the last call, with the values before; undefined when nothing did. */
  takeTouched(): Touched | undefined {
    if (this.#touchedObjects.size === 0 && this.#touchedElements.size === 0) return undefined
    const touched = { objects: this.#touchedObjects, elements: this.#touchedElements }
    this.#touchedObjects = new Map()
    this.#touchedElements = new Map()
    return touched
  }

  /** Frontends that changed since the last call, with who had them before and who has them now. */
  takeReplaced(): readonly Replaced[] {
    const replaced = [...this.#replaced].map(([id, before]) => ({
      before,
      after: this.serviceAt(id),
    }))
    this.#replaced = new Map()
    return replaced
  }

  #recompile(id: string): void {
    const before = this.#fragments.get(id) ?? NO_FRAGMENT
    const winner = this.serviceAt(id)
    const after = winner === undefined ? NO_FRAGMENT : compileService(winner)
    if (winner === undefined) this.#fragments.delete(id)
    else this.#fragments.set(id, this.#interned(after))
    // New objects before old ones go: what both need is never away, hence never touched.
    for (const object of after.shared) this.#hold(this.#objects.get(object.name) ?? object)
    for (const object of after.own) this.#hold(object)
    for (const element of before.elements) this.#write(element, undefined)
    for (const element of after.elements) this.#write(element, element.value)
    for (const address of after.hairpins) this.#countHairpin(address, 1)
    for (const address of before.hairpins) this.#countHairpin(address, -1)
    for (const object of [...before.shared, ...before.own]) this.#release(object.name)
  }

  /** Ten thousand services share a few dozen objects: keep one of each. */
  #interned(fragment: Fragment): Fragment {
    return {
      ...fragment,
      shared: fragment.shared.map(object => this.#objects.get(object.name) ?? object),
    }
  }

  #hold(object: NftObject): void {
    const { name } = object
    this.#objectUses.set(name, (this.#objectUses.get(name) ?? 0) + 1)
    if (this.#objects.get(name) === object) return
    this.#touchObject(name)
    this.#objects.set(name, object)
  }

  #release(name: string): void {
    const uses = (this.#objectUses.get(name) ?? 1) - 1
    if (uses > 0) {
      this.#objectUses.set(name, uses)
      return
    }
    this.#objectUses.delete(name)
    this.#touchObject(name)
    this.#objects.delete(name)
    this.#elements.delete(name)
  }

  #countHairpin(address: string, by: 1 | -1): void {
    const uses = (this.#hairpinUses.get(address) ?? 0) + by
    const element = { container: SETS.hairpin, key: `${address} . ${address}`, value: '' }
    if (uses > 0) this.#hairpinUses.set(address, uses)
    else this.#hairpinUses.delete(address)
    this.#write(element, uses > 0 ? '' : undefined)
  }

  #touchObject(name: string): void {
    if (!this.#touchedObjects.has(name)) this.#touchedObjects.set(name, this.#objects.get(name))
  }

  #write(element: Element, value: string | undefined): void {
    const { container, key } = element
    const elements = this.#elements.get(container) ?? new Map<string, string>()
    const current = elements.get(key)
    if (current === value) return
    const touched = this.#touchedElements.get(container) ?? new Map<string, string | undefined>()
    if (!touched.has(key)) touched.set(key, current)
    this.#touchedElements.set(container, touched)
    if (value === undefined) elements.delete(key)
    else elements.set(key, value)
    this.#elements.set(container, elements)
  }
}

function precedes(left: VirtualService, right: VirtualService): boolean {
  const byRank = (left.rank ?? 0) - (right.rank ?? 0)
  return byRank === 0 ? left.name < right.name : byRank < 0
}

const NO_FRAGMENT: Fragment = { elements: [], hairpins: [], shared: [], own: [] }
