/**
 * The table in the kernel, kept equal to a RulesetState. Owns: the table named in its options, whole; nothing else.
 *
 * A thin shell: state decides what is wanted, `plan.ts` what to change, the runner does it. All passes are serialised.
 *
 * Law  One `commit` takes effect in one atomic transaction, however many services changed since the last; chains that
 *      are new are made in one before it, where nothing leads to them yet.
 *      A transaction that fails is followed by reading what the kernel really holds and applying the difference;
 *      if that fails too, by replacing the table.
 */
import { type RunCommand, runCommand } from '../command.ts'
import { deleteFlows, type StaleFlows, staleFlows } from '../conntrack.ts'
import { frontendId, type HostNetworks, type VirtualService } from '../model.ts'
import { readUdpServices } from './fragment.ts'
import { NftError } from './nft-error.ts'
import { parseListing } from './parse.ts'
import {
  type Change,
  type ListedRuleset,
  planRuleset,
  planTouched,
  transactionsOf,
} from './plan.ts'
import { renderChanges } from './render.ts'
import type { NftRunner } from './runner.ts'
import { RulesetState } from './state.ts'

export interface ServiceTableOptions {
  readonly runner: NftRunner
  /** `kites` */
  readonly table: string
  readonly host: HostNetworks
  /** Told when conntrack entries could not be deleted. */
  readonly onConntrackError?: (error: unknown) => void
  readonly command?: RunCommand
}

export class ServiceTable {
  readonly #options: ServiceTableOptions
  readonly #command: RunCommand
  readonly state: RulesetState
  #tail: Promise<unknown> = Promise.resolve()
  #isStarted = false
  #hasRun = false

  constructor(options: ServiceTableOptions) {
    this.#options = options
    this.#command = options.command ?? runCommand
    this.state = new RulesetState(options.table, options.host)
  }

  /** Changes what is wanted; nothing reaches the kernel before `commit`. See RulesetState.replace. */
  replace(before: readonly VirtualService[], after: readonly VirtualService[]): void {
    this.state.replace(before, after)
  }

  /** Brings the kernel up to date. Returns  the number of changes in the transaction. */
  commit(): Promise<number> {
    return this.#serialised(async () => {
      if (!this.#isStarted) return this.#reconcile()
      const touched = this.state.takeTouched()
      const flows = this.#takeStaleFlows()
      if (touched === undefined) return 0
      const changes = planTouched(touched, this.state)
      let count = changes.length
      try {
        await this.#execute(changes)
      } catch (error) {
        if (!(error instanceof NftError)) throw error
        this.#isStarted = false
        count = await this.#reconcile()
      }
      await this.#deleteFlows(flows)
      return count
    })
  }

  /** Reads what the kernel holds and applies the difference. Returns  the number of changes, 0 when all was well. */
  verify(): Promise<number> {
    return this.#serialised(() => this.#reconcile())
  }

  /** Takes the whole table away. Idempotent. */
  remove(): Promise<void> {
    return this.#serialised(async () => {
      const { runner, table } = this.#options
      const name = `${this.state.family} ${table}`
      // Adding first makes deleting legal when there is none.
      await runner.run(`add table ${name}\ndelete table ${name}\n`)
      this.#isStarted = false
    })
  }

  /** Lets go of the way to the kernel; what is written there stays. */
  close(): void {
    this.#options.runner.close()
  }

  async #reconcile(): Promise<number> {
    const { runner, table } = this.#options
    const listing = await runner.list(`${this.state.family} ${table}`)
    const listed = listing === undefined ? undefined : parseListing(listing)
    // From here the whole is compared: what was touched until now is part of it. What is touched while the transaction
    // runs is noted anew and belongs to the next commit.
    this.state.takeTouched()
    // The first time only the kernel knows what was before, from an earlier process.
    const flows = this.#hasRun ? this.#takeStaleFlows() : this.#formerFlows(listed)
    this.state.takeReplaced()
    this.#hasRun = true
    const changes = planRuleset(listed, this.state)
    try {
      await this.#execute(changes)
    } catch (error) {
      if (!(error instanceof NftError && error.code === 'refused') || listed === undefined) {
        throw error
      }
      this.state.takeTouched()
      await this.#execute([{ kind: 'delete-table' }, ...planRuleset(undefined, this.state)])
    }
    this.#isStarted = true
    await this.#deleteFlows(flows)
    return changes.length
  }

  async #execute(changes: readonly Change[]): Promise<void> {
    if (changes.length === 0) return
    for (const each of transactionsOf(changes))
      await this.#options.runner.run(renderChanges(each, this.state))
  }

  #takeStaleFlows(): readonly StaleFlows[] {
    return this.state.takeReplaced().flatMap(({ before, after }) => staleFlows(before, after))
  }

  #formerFlows(listed: ListedRuleset | undefined): readonly StaleFlows[] {
    const former = listed === undefined ? [] : readUdpServices(listed.elements)
    return former.flatMap(before =>
      staleFlows(before, this.state.serviceAt(frontendId(before.frontend))),
    )
  }

  async #deleteFlows(flows: readonly StaleFlows[]): Promise<void> {
    try {
      await deleteFlows(flows, this.#command)
    } catch (error) {
      this.#options.onConntrackError?.(error)
    }
  }

  #serialised<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = this.#tail.then(task)
    this.#tail = result.catch(() => {})
    return result
  }
}
