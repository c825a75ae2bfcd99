/**
 * `kites server`: opens the parts, listens, writes the administrator's kubeconfig, starts this host's agent, and runs
 * until SIGTERM.
 */
import { messageOf, codeOf } from '#base/errors.ts'
import { runAll } from '#base/lifetime.ts'
import type { Logger } from '#base/logger.ts'
import { keepAdminKubeconfig } from '#server/supervisor/admin-kubeconfig.ts'
import { readConfigFiles } from './config-files.ts'
import { embeddedAgent } from './embedded-agent.ts'
import { describeFlags, parseFlags, UsageError } from './flags.ts'
import { endOnSignals, notifyReady, processLogger } from './process.ts'
import { PRECEDENCE, SERVER_FLAGS } from './server-flags.ts'
import { loopbackOf, type ServerOptions, serverOptionsOf } from './server-options.ts'
import { type OpenServer, openServer } from './server-parts.ts'

export async function run(argv: readonly string[]): Promise<number> {
  const { env } = process
  const { values, rest } = parseFlags(SERVER_FLAGS, {
    argv,
    env,
    files: readConfigFiles(argv, env),
  })
  if (values.help) {
    process.stdout.write(
      `Usage: kites server [flags]\n\n${describeFlags(SERVER_FLAGS)}\n\n${PRECEDENCE}\n`,
    )
    return 0
  }
  if (rest[0] !== undefined) throw new UsageError(`kites server takes no argument "${rest[0]}"`)
  const options = serverOptionsOf(values)
  if (options.agent && process.getuid?.() !== 0) {
    throw new UsageError('running pods needs root: use sudo, or --disable-agent for the API alone')
  }
  process.title = 'kites server'
  const log = processLogger(options.debug)
  const signal = endOnSignals(log)
  const server = await open(options, log)
  try {
    await listen(server, options)
    const { path, mode } = options.kubeconfig
    const serverUrl = `https://${loopbackOf(options)}:${options.port}`
    const unsubscribe = keepAdminKubeconfig(server.pki, { path, mode, serverUrl, log })
    const agent = options.agent
      ? [embeddedAgent({ options, tokenPath: server.tokens.agentTokenPath, log })]
      : []
    notifyReady()
    await runAll([...server.parts, ...agent], signal)
    unsubscribe()
  } finally {
    await server.close()
  }
  return 0
}

/** Errors of the file system that the operator's choice of folder brings about. */
const FOLDER_FAULTS = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ENOSPC', 'EDQUOT'])

/** Throws UsageError when the data directory cannot be used. */
async function open(options: ServerOptions, log: Logger): Promise<OpenServer> {
  try {
    return await openServer(options, log)
  } catch (cause) {
    if (!FOLDER_FAULTS.has(codeOf(cause) ?? '')) throw cause
    const { dataDir } = options
    throw new UsageError(
      `cannot use the data directory ${dataDir} (${messageOf(cause)}): give its owner and room, or choose another with --data-dir`,
      { cause },
    )
  }
}

/** Throws UsageError that says what holds the port and which flag chooses another. */
async function listen(server: OpenServer, { bindAddress, port }: ServerOptions): Promise<void> {
  try {
    await server.api.listen(bindAddress, port)
  } catch (error) {
    const reasons: Readonly<Record<string, string>> = {
      EADDRINUSE: `port ${port} on ${bindAddress} is taken by another program; choose another with --https-listen-port`,
      EADDRNOTAVAIL: `this host has no address ${bindAddress}; see --bind-address`,
      EACCES: `port ${port} needs root; choose one above 1023 with --https-listen-port`,
    }
    throw new UsageError(reasons[codeOf(error) ?? ''] ?? `cannot listen: ${messageOf(error)}`)
  }
}
