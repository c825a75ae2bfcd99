/**
 * The process in which libnftables runs, apart from the agent: a crash in native code ends this process only, and its
 * waiting for the kernel's lock (another program's big reload holds it for tens of milliseconds) stalls nobody.
 * Owns: the process. Entry point; started by `startNftChild` in `nft-link.ts`. Ends when its parent is
 * gone: the channel between them is all that keeps it alive.
 */
import { type Libnftables, openLibnftables } from './libnftables.ts'
import { type ChildHello, type ChildReply, isRequest } from './nft-link.ts'

const tell = (message: ChildHello | ChildReply): void => {
  process.send?.(message)
}

function serve(library: Libnftables): void {
  process.on('message', (message: unknown) => {
    if (!isRequest(message)) return
    const { id, kind, text } = message
    tell({ kind: 'reply', id, ...(kind === 'run' ? library.run(text) : library.list(text)) })
  })
  tell({ kind: 'ready' })
}

// A terminal's interrupt reaches the whole group; the parent decides when we end.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})

try {
  serve(openLibnftables())
} catch (error) {
  tell({ kind: 'unavailable', why: error instanceof Error ? error.message : String(error) })
  process.disconnect?.()
}
