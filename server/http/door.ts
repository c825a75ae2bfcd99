/**
 * Where connections come in: each is passed on to TLS once its peer has spoken, and no more in one turn than fit.
 *
 * A handshake is about half a millisecond of arithmetic. When a whole cluster connects at once (after a restart), they
 * would otherwise all be done in one turn and every open connection would wait for them.
 *
 * Owns    the listening socket, and connections whose peer has not said anything: for `silenceMs` at most.
 * Throws  on listen(): Error with code EADDRINUSE, EACCES ...
 */
import type { Clock } from '#base/clock.ts'
import type { Turns } from '#base/turns.ts'
import net, { type Socket } from 'node:net'

export interface DoorOptions {
  readonly clock: Clock
  readonly turns: Pick<Turns, 'take'>
  readonly connectionsMax: number
  readonly silenceMs: number
  /** Its first bytes can be read. */
  readonly admit: (socket: Socket) => void
}

export interface Door {
  readonly server: net.Server
  /** Cuts those that have not been admitted. */
  clear(): void
}

export function createDoor(options: DoorOptions): Door {
  const { clock, turns, admit } = options
  const waiting = new Set<Socket>()
  const enter = async (socket: Socket): Promise<void> => {
    await turns.take()
    if (!waiting.delete(socket) || socket.destroyed) return
    // The end of a peer that never said anything.
    if (socket.readableLength === 0) socket.destroy()
    else admit(socket)
  }
  const server = net.createServer(socket => {
    waiting.add(socket)
    const silence = clock.after(options.silenceMs, () => socket.destroy())
    socket.once('close', () => {
      silence.cancel()
      waiting.delete(socket)
    })
    // A close follows every error.
    socket.on('error', () => {})
    socket.once('readable', () => {
      silence.cancel()
      void enter(socket)
    })
  })
  server.maxConnections = options.connectionsMax
  return {
    server,
    clear() {
      for (const socket of waiting) socket.destroy()
    },
  }
}
