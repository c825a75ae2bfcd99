/**
 * Which host owns a node name: the first that joins with it leaves the hash of its password in a Secret, and only
 * who knows that password gets certificates for the name again, until the Node is deleted (a controller clears the
 * Secret then).
 *
 * Secret  kube-system/<node>.node-password.kites, immutable, key `hash`: `$1:<salt>:15:8:1:<key>` (scrypt).
 * Throws  StatusError(Forbidden) that says what to do; TooManyRequests when too many check at once.
 * Source: k3s pkg/nodepassword, pkg/authenticator/hash/scrypt.go
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import type { AnyObject } from '#api/object.ts'
import { isReason, StatusError, tooManyRequests } from '#api/status.ts'
import { recordOf, textOf } from '#api/values.ts'
import { ifThere } from '#client/absence.ts'
import type { Transport } from '#client/transport.ts'
import { hashToken } from '../auth/authenticators.ts'

const LOG_N = 15
const BLOCK_SIZE = 8
const PARALLEL = 1
const KEY_BYTES = 64
const SALT_BYTES = 8
const MEMORY_BYTES = 64 * 1024 * 1024
const CHECKS_MAX = 10
const CONFIRMED_MAX = 10_000
const SECRETS = '/api/v1/namespaces/kube-system/secrets'

export interface NodePasswords {
  /** Passes for the owner of the name; makes the caller the owner when nobody is. */
  confirm(nodeName: string, password: string, signal?: AbortSignal): Promise<void>
}

export interface NodePasswordDeps {
  readonly transport: Transport
}

export const nodePasswordSecret = (nodeName: string): string => `${nodeName}.node-password.kites`

export function createNodePasswords(deps: NodePasswordDeps): NodePasswords {
  /** Stored hash by SHA-256 of a password that matched it: agents come back with every restart. */
  const confirmed = new Map<string, string>()
  let checks = 0

  const isMatch = async (nodeName: string, password: string, hash: string): Promise<boolean> => {
    const key = `${nodeName}/${hashToken(password).toString('hex')}`
    if (confirmed.get(key) === hash) return true
    if (!(await verifyPassword(password, hash))) return false
    if (confirmed.size >= CONFIRMED_MAX) confirmed.clear()
    confirmed.set(key, hash)
    return true
  }

  const check = async (nodeName: string, password: string, signal?: AbortSignal): Promise<void> => {
    const stored = await readHash(deps.transport, nodeName, signal)
    const hash = stored ?? (await claim(deps.transport, nodeName, password, signal))
    if (hash === undefined || (await isMatch(nodeName, password, hash))) return
    throw nameTaken(nodeName)
  }

  return {
    async confirm(nodeName, password, signal) {
      if (checks >= CHECKS_MAX) throw tooManyRequests('too many nodes join at once, try again', 5)
      checks += 1
      try {
        await check(nodeName, password, signal)
      } finally {
        checks -= 1
      }
    },
  }
}

const nameTaken = (nodeName: string): StatusError =>
  new StatusError(
    'Forbidden',
    `node name "${nodeName}" is taken: another host has joined with it, and this host's node password is not the one it had. ` +
      `Give this host another name (--node-name). If it is the same host, installed anew, free the name first: kubectl delete node ${nodeName}`,
  )

async function readHash(
  transport: Transport,
  nodeName: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const path = `${SECRETS}/${nodePasswordSecret(nodeName)}`
  const secret = await ifThere(transport.request({ method: 'GET', path }, signal))
  return secret === undefined ? undefined : hashIn(secret)
}

function hashIn(secret: AnyObject): string {
  const hash = textOf(recordOf(secret['data'])['hash'])
  return Buffer.from(hash, 'base64').toString('utf8')
}

/** Returns nothing when the name is now ours, else the hash of the host that was faster. */
async function claim(
  transport: Transport,
  nodeName: string,
  password: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const hash = await hashPassword(password)
  const body = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: nodePasswordSecret(nodeName), namespace: 'kube-system' },
    type: 'Opaque',
    immutable: true,
    data: { hash: Buffer.from(hash).toString('base64') },
  }
  try {
    await transport.request({ method: 'POST', path: SECRETS, body }, signal)
    return undefined
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error
    return (await readHash(transport, nodeName, signal)) ?? ''
  }
}

async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const key = await derive(password, salt)
  return `$1:${salt.toString('hex')}:${LOG_N}:${BLOCK_SIZE}:${PARALLEL}:${key.toString('base64')}`
}

/** False for a hash of another form, too. */
async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const match = /^\$1:([0-9a-f]+):15:8:1:([A-Za-z0-9+/=]+)$/.exec(hash)
  if (match === null) return false
  const expected = Buffer.from(match[2] ?? '', 'base64')
  const key = await derive(password, Buffer.from(match[1] ?? '', 'hex'))
  return key.length === expected.length && timingSafeEqual(key, expected)
}

const derive = (password: string, salt: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const cost = { N: 2 ** LOG_N, r: BLOCK_SIZE, p: PARALLEL, maxmem: MEMORY_BYTES }
    scrypt(password, salt, KEY_BYTES, cost, (error, key) =>
      error === null ? resolve(key) : reject(error),
    )
  })
