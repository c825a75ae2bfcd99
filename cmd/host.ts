/** What this host calls itself: its node name and its address, unless flags say otherwise. */
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'
import { UsageError } from './flags.ts'

const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

/** Throws UsageError for a name that Kubernetes does not allow. */
export function nodeNameOf(flag: string | undefined): string {
  const name = (flag ?? hostname()).toLowerCase()
  if (name.length <= 253 && DNS_SUBDOMAIN.test(name)) return name
  throw new UsageError(
    `"${name}" cannot be a node name (letters, digits, - and . only); choose one with --node-name`,
  )
}

/** The addresses to advertise, primary first. Throws UsageError when the host has none. */
export function nodeIPsOf(flag: readonly string[]): readonly string[] {
  const wrong = flag.find(ip => isIP(ip) === 0)
  if (wrong !== undefined) throw new UsageError(`--node-ip is an IP address, not "${wrong}"`)
  if (flag.length > 0) return flag
  const interfaces = networkInterfaces()
  const names = Object.keys(interfaces)
  const preferred = defaultRouteInterface()
  const ordered =
    preferred === undefined ? names : [preferred, ...names.filter(name => name !== preferred)]
  for (const name of ordered) {
    const address = interfaces[name]?.find(({ family, internal }) => family === 'IPv4' && !internal)
    if (address !== undefined) return [address.address]
  }
  throw new UsageError('this host has no IPv4 address besides loopback; give one with --node-ip')
}

/** The interface of the default route with the lowest metric, from the kernel's table. */
function defaultRouteInterface(): string | undefined {
  const rows = readFileSync('/proc/net/route', 'utf8').split('\n').slice(1)
  const defaults = rows
    .map(row => row.split('\t'))
    .filter(([, destination, , flags]) => destination === '00000000' && Number(flags) !== 0)
    .sort((a, b) => Number(a[6]) - Number(b[6]))
  return defaults[0]?.[0]
}
