/**
 * The `kites` command: picks the subcommand, loads only its rooms, and turns every failure into one line.
 * Exit codes: 0 done, 1 failed, 2 wrong use.
 */
import { codeOf, messageOf } from '#base/errors.ts'
import { VERSION } from '#base/version.ts'
import { UsageError } from './flags.ts'

interface Subcommand {
  readonly summary: string
  /** Runs until done; the number is the exit code. */
  readonly load: () => Promise<{ run(argv: readonly string[]): Promise<number> }>
}

const SUBCOMMANDS: Readonly<Record<string, Subcommand>> = {
  server: {
    summary: 'run the server: API, store, scheduler, controllers and this node’s agent',
    load: () => import('./server.ts'),
  },
  agent: { summary: 'run this node’s agent and join a server', load: () => import('./agent.ts') },
  token: { summary: 'create, list and delete join tokens', load: () => import('./token.ts') },
  kubectl: {
    summary: 'talk to the cluster: get, apply, delete, logs',
    load: () => import('./kubectl.ts'),
  },
  cleanup: {
    summary: 'take pods, network rules and interfaces of this node away (used by uninstall)',
    load: () => import('./cleanup.ts'),
  },
}

const usage = (): string =>
  [
    'kites: Kubernetes for hosts that run Docker',
    '',
    'Usage: kites COMMAND [flags]',
    '',
    'Commands:',
    ...Object.entries(SUBCOMMANDS).map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`),
    '',
    '`kites COMMAND --help` explains one. `kites --version` prints the version.',
  ].join('\n')

async function main(argv: readonly string[]): Promise<number> {
  const [name = '', ...rest] = argv
  if (name === '--version' || name === '-v' || name === 'version') {
    process.stdout.write(`kites version ${VERSION}\nnode version ${process.version}\n`)
    return 0
  }
  if (name === '' || name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(`${usage()}\n`)
    return name === '' ? 2 : 0
  }
  const subcommand = Object.hasOwn(SUBCOMMANDS, name) ? SUBCOMMANDS[name] : undefined
  if (subcommand === undefined) {
    throw new UsageError(`unknown command "${name}"; \`kites --help\` lists them`)
  }
  const loaded = await subcommand.load()
  return loaded.run(rest)
}

// `kites kubectl get pods | head -1` closes the pipe early: nothing is wrong then.
process.stdout.on('error', error => process.exit(codeOf(error) === 'EPIPE' ? 0 : 1))
try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`kites: ${messageOf(error)}\n`)
  if (process.env['KITES_DEBUG'] === 'true' && error instanceof Error) {
    process.stderr.write(`${error.stack ?? ''}\n`)
  }
  process.exit(error instanceof UsageError ? 2 : 1)
}
