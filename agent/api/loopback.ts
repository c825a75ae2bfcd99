/** TCP to `localhost` as this process has it, IPv4 first, and the words for what did not work. */
import { connect, type Socket } from 'node:net'
import { codeOf, messageOf } from '#base/errors.ts'

const LOOPBACKS = [
  ['tcp4', '127.0.0.1'],
  ['tcp6', '::1'],
] as const

/** The connection is paused: what the other end says first is for whoever gets it. Throws Error with all attempts. */
export async function connectLoopback(port: number): Promise<Socket> {
  const failures: string[] = []
  for (const [family, host] of LOOPBACKS) {
    try {
      return await paused(host, port)
    } catch (error) {
      failures.push(`dial ${family} ${hostPort(host, port)}: ${dialFault(error)}`)
    }
  }
  throw new Error(failures.join('; '))
}

function paused(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    socket.pause()
    socket.once('error', reject)
    socket.once('connect', () => resolve(socket))
  })
}

export const hostPort = (host: string, port: number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

/** As programs in Go put it, which is what people search for. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  EADDRNOTAVAIL: 'connect: cannot assign requested address',
}

export const dialFault = (error: unknown): string => WORDS[codeOf(error) ?? ''] ?? messageOf(error)
