/**
 * The process in which libnftables runs, apart from the agent: a crash in native code ends this process only, and its
 * waiting for the kernel's lock (another program's big reload holds it for tens of milliseconds) stalls nobody.
 * Owns: the process. Entry point; started by `startNftChild` in `nft-link.ts`. Ends when its parent is gone.
 */
import { type Libnftables, openLibnftables } from './libnftables.ts'
import type { ChildHello, ChildReply, ChildRequest } from './nft-link.ts'

const tell = (message: ChildHello | ChildReply): void => {
  process.send?.(message)
}

function serve(library: Libnftables): void {
  process.on('message', (message: unknown) => {
    // The seam of the channel: only `nft-link.ts` writes to it.
    const request = message as ChildRequest
    const outcome = request.kind === 'run' ? library.run(request.text) : library.list(request.text)
    tell({ kind: 'reply', id: request.id, ...outcome })
  })
  tell({ kind: 'ready' })
}

process.on('disconnect', () => process.exit(0))
// A terminal's interrupt reaches the whole group; the parent decides when we end.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})

try {
  serve(openLibnftables())
} catch (error) {
  tell({ kind: 'unavailable', why: error instanceof Error ? error.message : String(error) })
  process.disconnect?.()
}
