/**
 * The process that connects to ports of one pod from inside the pod's network, where `localhost` is the pod's own. Each
 * connection is handed to the agent as soon as it stands; no byte of it passes here.
 * Owns: the process. Entry point; started by `startPortChild` in `pod-ports.ts`. Ends when its parent is gone: the
 * channel between them is all that keeps it alive.
 */
import { messageOf } from '#base/errors.ts'
import { connectLoopback } from './loopback.ts'
import { isPortRequest, type PortReply, type PortRequest } from './pod-ports.ts'

async function answer({ id, port }: PortRequest): Promise<void> {
  try {
    process.send?.({ id } satisfies PortReply, await connectLoopback(port))
  } catch (error) {
    process.send?.({ id, failure: messageOf(error) } satisfies PortReply)
  }
}

// A terminal's interrupt reaches the whole group; the parent decides when we end.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})
process.on('message', (message: unknown) => {
  if (isPortRequest(message)) void answer(message)
})
