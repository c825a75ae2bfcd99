/**
 * The cluster's own join passwords: files under `<dataDir>/server`, compared by hash.
 *
 *   token         K10<ca hash>::server:<password>
 *   node-token -> token
 *   agent-token   K10<ca hash>::node:<password> when agents have their own, else -> token
 *
 * Law     A password once written stays until another is given. After the CA changed the files carry the new hash.
 * Throws  JoinTokenError for a given token that cannot be parsed; the file system's errors.
 * Source: k3s docs/cli/token.md, pkg/cli/cmds/server (--token, --agent-token)
 */
import { timingSafeEqual } from 'node:crypto'
import { lstatSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '#base/random.ts'
import { readIfExists, writeSecretFile } from '#client/pki/files.ts'
import { formatJoinToken, JoinTokenError, parseJoinToken } from '#client/pki/join-token.ts'
import { hashToken } from '../auth/authenticators.ts'

export type JoinRole = 'server' | 'node'

export interface JoinTokens {
  /** Where `agent-token` lies: what the embedded agent and people read. */
  readonly agentTokenPath: string
  readonly serverTokenPath: string
  /** The role that user and password stand for; undefined when they are wrong. */
  verify(user: string, password: string): JoinRole | undefined
}

export interface JoinTokenOptions {
  readonly dataDir: string
  readonly caHash: string
  readonly random: Random
  /** `--token`: a password or a full token. */
  readonly token: string | undefined
  /** `--agent-token` */
  readonly agentToken: string | undefined
}

const PASSWORD_BYTES = 16
const TOKEN_FILE = 'token'

export function openJoinTokens(options: JoinTokenOptions): JoinTokens {
  const folder = join(options.dataDir, 'server')
  const paths = {
    server: join(folder, TOKEN_FILE),
    node: join(folder, 'node-token'),
    agent: join(folder, 'agent-token'),
  }
  const existing = readIfExists(paths.server)
  const password =
    passwordOf(options.token) ??
    passwordOf(existing) ??
    options.random.bytes(PASSWORD_BYTES).toString('hex')
  const existingAgent = readIfExists(paths.agent)
  const agentPassword =
    passwordOf(options.agentToken) ??
    (existingAgent === existing ? undefined : passwordOf(existingAgent)) ??
    password

  keep(paths.server, formatJoinToken(options.caHash, `server:${password}`))
  link(paths.node)
  if (agentPassword === password) link(paths.agent)
  else keep(paths.agent, formatJoinToken(options.caHash, `node:${agentPassword}`))

  const hashes = { server: hashToken(password), node: hashToken(agentPassword) }
  return {
    serverTokenPath: paths.server,
    agentTokenPath: paths.agent,
    verify(user, given) {
      const role = user === 'server' || user === 'node' ? user : undefined
      const isRight = timingSafeEqual(hashes[role ?? 'node'], hashToken(given))
      return isRight ? role : undefined
    },
  }
}

function passwordOf(token: string | undefined): string | undefined {
  if (token === undefined || token.trim() === '') return undefined
  const { credentials } = parseJoinToken(token)
  if (credentials.kind === 'basic') return credentials.password
  throw new JoinTokenError('a bootstrap token cannot be the token of the cluster')
}

function keep(path: string, token: string): void {
  const content = `${token}\n`
  // A link is replaced, not written through to the other token.
  if (readIfExists(path) !== content) writeSecretFile(path, content)
}

/** In one step: a token that is missing for a moment would be missing for good after a crash. */
function link(path: string): void {
  if (isLink(path)) return
  const temporary = `${path}.tmp-${process.pid}`
  rmSync(temporary, { force: true })
  symlinkSync(TOKEN_FILE, temporary)
  renameSync(temporary, path)
}

const isLink = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true &&
  readlinkSync(path) === TOKEN_FILE
