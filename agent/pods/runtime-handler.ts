/**
 * The handler a pod asks for by its RuntimeClass. This node runs every pod with Docker's own runtime, and knows no other.
 *
 * Throws  the class is gone, or names a handler this node does not have: the pod waits, and is told so.
 * Source: kubernetes pkg/kubelet/runtimeclass/runtimeclass_manager.go
 */
import type { Pod } from '#api/types/core-v1.ts'
import type { Client } from '#client/client.ts'

const KNOWN: readonly string[] = ['', 'runc']

export async function requireHandler(
  client: Pick<Client, 'runtimeClasses'>,
  { spec }: Pod,
  signal: AbortSignal,
): Promise<void> {
  const name = spec?.runtimeClassName ?? ''
  if (name === '') return
  const { handler } = await client.runtimeClasses.get({ name }, signal)
  if (KNOWN.includes(handler)) return
  throw new Error(`no runtime for ${JSON.stringify(handler)} is configured`)
}
