/** `kites token`: join tokens that expire, made, listed and deleted on the server. */
import { systemClock } from '#base/clock.ts'
import { systemRandom } from '#base/random.ts'
import { formatJoinToken, hashAuthority } from '#client/pki/join-token.ts'
import {
  createToken,
  deleteToken,
  generateToken,
  listTokens,
} from '#server/supervisor/bootstrap-tokens.ts'
import { describeFlags, parseFlags, UsageError, type FlagTable, type FlagValues } from './flags.ts'
import { type Cluster, COMMON_FLAGS, withCluster } from './kubectl/cluster.ts'

const FLAGS = {
  kubeconfig: COMMON_FLAGS.kubeconfig,
  ttl: {
    kind: 'string',
    default: '24h',
    value: 'TIME',
    help: 'how long the token lives, such as 30m or 24h; 0 = for ever',
  },
  description: { kind: 'string', default: '', value: 'TEXT', help: 'what the token is for' },
  output: {
    kind: 'string',
    short: 'o',
    default: 'text',
    value: 'FORM',
    help: 'text or json (list)',
  },
  help: { kind: 'boolean', short: 'h', help: 'explain this command' },
} as const satisfies FlagTable

const USAGE = `Usage: kites token create|list|delete|generate [TOKEN] [flags]

  create     make a token that agents can join with, and print it
  list       the tokens there are
  delete     take a token back, by its id or whole
  generate   print a token without storing it
`

export async function run(argv: readonly string[]): Promise<number> {
  const { values, rest } = parseFlags(FLAGS, { argv, env: process.env, files: [] })
  const [verb, argument] = rest
  if (values.help || verb === undefined) {
    process.stdout.write(`${USAGE}\n${describeFlags(FLAGS)}\n`)
    return values.help ? 0 : 2
  }
  if (verb === 'generate') {
    process.stdout.write(`${generateToken(systemRandom)}\n`)
    return 0
  }
  return withCluster(values, cluster => act(cluster, verb, argument, values))
}

async function act(
  { transport, ca = '' }: Cluster,
  verb: string,
  argument: string | undefined,
  values: FlagValues<typeof FLAGS>,
): Promise<number> {
  switch (verb) {
    case 'create': {
      const made = await createToken(
        { transport, clock: systemClock, random: systemRandom },
        {
          ...(argument === undefined ? {} : { token: argument }),
          ttlMs: durationMs(values.ttl),
          description: values.description,
        },
      )
      process.stdout.write(`${formatJoinToken(hashAuthority(ca), made.token)}\n`)
      return 0
    }
    case 'list':
      process.stdout.write(renderTokens(await listTokens(transport), values.output))
      return 0
    case 'delete': {
      if (argument === undefined) throw new UsageError('say which token: kites token delete ID')
      if (!(await deleteToken(transport, argument)))
        throw new Error(`there is no token "${argument}"`)
      process.stdout.write(`bootstrap token "${argument.split('.')[0] ?? ''}" deleted\n`)
      return 0
    }
    default:
      throw new UsageError(`unknown verb "${verb}": create, list, delete or generate`)
  }
}

/** Ten years: any longer token is one for ever. */
const TTL_MAX_MS = 10 * 366 * 24 * 3_600_000
const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 }

/** `1h30m` in milliseconds; 0 is for ever. */
function durationMs(text: string): number {
  if (text === '0') return 0
  if (!/^(\d+[smh])+$/.test(text))
    throw new UsageError(`--ttl is a time such as 30m or 24h, not "${text}"`)
  const sum = [...text.matchAll(/(\d+)([smh])/g)].reduce(
    (total, [, amount, unit]) => total + Number(amount) * (UNIT_MS[unit ?? ''] ?? 0),
    0,
  )
  if (sum > TTL_MAX_MS) throw new UsageError(`--ttl ${text} is too long; 0 is for ever`)
  return sum
}

type Tokens = Awaited<ReturnType<typeof listTokens>>

function renderTokens(tokens: Tokens, form: string): string {
  if (form === 'json') return `${JSON.stringify(tokens, undefined, 2)}\n`
  if (form !== 'text') throw new UsageError(`unknown output "${form}": text or json`)
  const rows = [
    ['TOKEN', 'EXPIRES', 'DESCRIPTION'],
    ...tokens.map(({ id, expiration, description }) => [
      `${id}.****************`,
      expiration ?? '<forever>',
      description,
    ]),
  ]
  return rows
    .map(
      row =>
        `${row
          .map((cell, at) => cell.padEnd(at === 2 ? 0 : 26))
          .join('')
          .trimEnd()}\n`,
    )
    .join('')
}
