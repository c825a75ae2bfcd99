/** `kites kubectl logs`: the log of one container, whole or followed. */
import { isAbort } from '#base/errors.ts'
import { describeFlags, parseFlags, UsageError, type FlagTable } from '../flags.ts'
import { COMMON_FLAGS, withCluster } from './cluster.ts'

const FLAGS = {
  ...COMMON_FLAGS,
  container: { kind: 'string', short: 'c', help: 'which container, when the pod has several' },
  follow: { kind: 'boolean', short: 'f', help: 'keep printing what comes' },
  previous: { kind: 'boolean', short: 'p', help: 'of the instance before the last restart' },
  timestamps: { kind: 'boolean', help: 'put the time before each line' },
  tail: { kind: 'number', help: 'only that many lines from the end', value: 'LINES' },
} as const satisfies FlagTable

export async function run(argv: readonly string[]): Promise<number> {
  const { values, rest } = parseFlags(FLAGS, { argv, env: process.env, files: [] })
  if (values.help) {
    process.stdout.write(`Usage: kites kubectl logs POD [flags]\n\n${describeFlags(FLAGS)}\n`)
    return 0
  }
  const [word = '', second] = rest
  const pod = word.replace(/^pods?\//, '')
  if (pod === '' || pod.includes('/'))
    throw new UsageError('say which pod, for example: logs web-1')
  const container = values.container ?? second
  const end = new AbortController()
  process.once('SIGINT', () => end.abort())
  const query = {
    ...(container === undefined ? {} : { container }),
    ...(values.follow ? { follow: 'true' } : {}),
    ...(values.previous ? { previous: 'true' } : {}),
    ...(values.timestamps ? { timestamps: 'true' } : {}),
    ...(values.tail === undefined ? {} : { tailLines: String(values.tail) }),
  }
  await withCluster(values, async ({ transport, namespace }) => {
    const path = `/api/v1/namespaces/${namespace}/pods/${encodeURIComponent(pod)}/log`
    try {
      const answer = await transport.stream({ method: 'GET', path, query }, end.signal)
      for await (const chunk of answer.body) process.stdout.write(chunk as Buffer)
    } catch (error) {
      if (!isAbort(error)) throw error
    }
  })
  return 0
}
