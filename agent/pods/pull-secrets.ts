/**
 * Registry credentials in a pod's imagePullSecrets that fit an image. Pure.
 * Source: kubernetes pkg/credentialprovider/keyring.go; docs "Pull an Image from a Private Registry"
 */
import type { Secret } from '#api/types/core-v1.ts'
import { type Fields, isRecord } from '#api/values.ts'
import type { RegistryAuth } from '../runtime/runtime.ts'

const DOCKER_HUB = 'docker.io'

/** `registry.example:5000/team/app:1` -> `registry.example:5000`; a name without a host is Docker Hub's. */
export function registryOf(reference: string): string {
  const [first = '', ...rest] = reference.split('/')
  const isHost =
    rest.length > 0 && (first.includes('.') || first.includes(':') || first === 'localhost')
  return isHost ? first : DOCKER_HUB
}

export function authFor(reference: string, secrets: readonly Secret[]): RegistryAuth[] {
  const registry = registryOf(reference)
  return secrets.flatMap(secret =>
    Object.entries(authsOf(secret)).flatMap(([server, auth]) => {
      const host = hostOf(server)
      const matches = host === registry || (registry === DOCKER_HUB && host.endsWith(DOCKER_HUB))
      const credentials = matches ? credentialsOf(auth) : undefined
      return credentials === undefined ? [] : [{ ...credentials, serverAddress: server }]
    }),
  )
}

/** `https://index.docker.io/v1/` -> `index.docker.io` */
const hostOf = (server: string): string => server.replace(/^https?:\/\//u, '').split('/')[0] ?? ''

/** `.dockerconfigjson` has the map under `auths`, the older `.dockercfg` is the map. */
function authsOf({ data }: Secret): Fields {
  const modern = parse(data?.['.dockerconfigjson'])
  if (isRecord(modern) && isRecord(modern['auths'])) return modern['auths']
  const old = parse(data?.['.dockercfg'])
  return isRecord(old) ? old : {}
}

function parse(base64: string | undefined): unknown {
  if (base64 === undefined) return undefined
  try {
    return JSON.parse(Buffer.from(base64, 'base64').toString('utf8'))
  } catch {
    // a broken pull secret is as good as none: the pull tells what is wrong
    return undefined
  }
}

function credentialsOf(auth: unknown): { username: string; password: string } | undefined {
  if (!isRecord(auth)) return undefined
  const { username, password } = auth
  if (typeof username === 'string' && typeof password === 'string') return { username, password }
  if (typeof auth['auth'] !== 'string') return undefined
  const decoded = Buffer.from(auth['auth'], 'base64').toString('utf8')
  const colon = decoded.indexOf(':')
  if (colon < 0) return undefined
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) }
}
