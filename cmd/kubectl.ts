/**
 * `kites kubectl`: the few verbs that a machine without kubectl needs, in kubectl's own words.
 */
import { VERSION } from '#base/version.ts'
import { UsageError } from './flags.ts'

interface KubectlVerb {
  readonly summary: string
  readonly load: () => Promise<{ run(argv: readonly string[]): Promise<number> }>
}

const VERBS: Readonly<Record<string, KubectlVerb>> = {
  get: { summary: 'list or show objects', load: () => import('./kubectl/get.ts') },
  apply: {
    summary: 'create or change objects from files',
    load: () => import('./kubectl/apply.ts'),
  },
  delete: { summary: 'delete objects', load: () => import('./kubectl/delete.ts') },
  logs: { summary: 'print the log of a container', load: () => import('./kubectl/logs.ts') },
}

const usage = (): string =>
  [
    'Usage: kites kubectl VERB [flags]',
    '',
    ...Object.entries(VERBS).map(([name, { summary }]) => `  ${name.padEnd(8)}${summary}`),
    '',
    'The cluster is found through --kubeconfig, $KUBECONFIG or /etc/kites/kites.yaml.',
    'For everything else use any kubectl from 1.20 on with that same file.',
  ].join('\n')

export async function run(argv: readonly string[]): Promise<number> {
  const [name = '--help', ...rest] = argv
  if (name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(`${usage()}\n`)
    return 0
  }
  if (name === 'version') {
    process.stdout.write(`Client Version: ${VERSION}\n`)
    return 0
  }
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined
  if (verb === undefined) throw new UsageError(`kubectl ${name} is not bundled\n${usage()}`)
  const loaded = await verb.load()
  try {
    return await loaded.run(rest)
  } catch (error) {
    if (error instanceof UsageError) throw error
    const { failureLine } = await import('./kubectl/cluster.ts')
    process.stderr.write(`${failureLine(error)}\n`)
    return 1
  }
}
