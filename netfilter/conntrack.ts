/**
 * Connection tracking entries that a change of backends leaves behind. Decision pure, execution through `conntrack`.
 *
 * TCP clients notice a backend that went; UDP clients keep sending into the old translation for as long as they send
 * often enough. So UDP entries are deleted when their backend goes, and when a frontend gets its first backend
 * (entries made while there was none send past the service).
 * Source: kubernetes pkg/proxy/conntrack/cleanup.go
 */
import type { RunCommand } from './command.ts'
import type { Backend, VirtualService } from './model.ts'

export interface StaleFlows {
  /** Absent for node ports: any address. */
  readonly address?: string
  readonly port: number
  /** Only entries translated to this address; absent: all. */
  readonly backend?: string
}

/** What a frontend's change leaves stale. */
export function staleFlows(
  before: VirtualService | undefined,
  after: VirtualService | undefined,
): readonly StaleFlows[] {
  const service = after ?? before
  if (service === undefined || service.frontend.protocol !== 'udp') return []
  const { frontend } = service
  const at = {
    ...(frontend.kind === 'address' ? { address: frontend.address } : {}),
    port: frontend.port,
  }
  const had = backendsOf(before)
  const has = backendsOf(after)
  if (had.length === 0 && has.length > 0) return [at]
  const kept = new Set(has.map(show))
  // A backend whose port changed is gone too; entries of its address are all that can be named.
  const gone = had.filter(backend => !kept.has(show(backend))).map(backend => backend.address)
  return [...new Set(gone)].map(backend => ({ ...at, backend }))
}

const backendsOf = (service: VirtualService | undefined): readonly Backend[] => [
  ...(service?.backends ?? []),
  ...(service?.insideBackends ?? []),
]

const show = ({ address, port }: Backend): string => `${address}:${port}`

/** Side by side, because the next change of rules waits for them: a node that fails takes hundreds of backends along. */
const DELETIONS_AT_ONCE = 8

/** Deletes them. Throws  CommandError('missing') where there is no conntrack program. */
export async function deleteFlows(
  flows: readonly StaleFlows[],
  command: RunCommand,
): Promise<void> {
  for (let start = 0; start < flows.length; start += DELETIONS_AT_ONCE) {
    const some = flows.slice(start, start + DELETIONS_AT_ONCE)
    await Promise.all(some.map(flow => command(deletionOf(flow))))
  }
}

/** It also exits with 1 when there was nothing to delete. */
const deletionOf = ({ address, port, backend }: StaleFlows): readonly string[] => [
  'conntrack',
  '-D',
  '-p',
  'udp',
  ...(address === undefined ? [] : ['--orig-dst', address]),
  '--orig-port-dst',
  String(port),
  ...(backend === undefined ? [] : ['--dst-nat', backend]),
]
