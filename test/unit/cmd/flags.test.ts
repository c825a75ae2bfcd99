/** Flags: precedence, forms on the command line, and the one line a mistake gets. */
import t from 'tap'
import { describeFlags, parseFlags, UsageError, type FlagSources } from '#cmd/flags.ts'

const TABLE = {
  'data-dir': {
    kind: 'string',
    short: 'd',
    env: 'KITES_DATA_DIR',
    default: '/var/lib/kites',
    help: 'state',
  },
  port: { kind: 'number', default: 6443, help: 'port' },
  output: { kind: 'string', short: 'o', help: 'form' },
  debug: { kind: 'boolean', help: 'more words' },
  'tls-san': { kind: 'list', help: 'names' },
} as const

const parse = (sources: Partial<FlagSources>) =>
  parseFlags(TABLE, { argv: [], env: {}, files: [], ...sources })

void t.test('forms on the command line', async t => {
  const cases: readonly { name: string; argv: string[]; want: object }[] = [
    { name: 'value behind a space', argv: ['--port', '1'], want: { port: 1 } },
    { name: 'value behind =', argv: ['--port=1'], want: { port: 1 } },
    { name: 'one dash, as Go allows', argv: ['-port=1'], want: { port: 1 } },
    { name: 'short', argv: ['-d', '/x'], want: { 'data-dir': '/x' } },
    { name: 'glued to the short form', argv: ['-oyaml'], want: { output: 'yaml' } },
    { name: 'boolean alone', argv: ['--debug'], want: { debug: true } },
    { name: 'boolean switched off', argv: ['--debug=false'], want: { debug: false } },
    {
      name: 'lists repeat and take commas',
      argv: ['--tls-san=a,b', '--tls-san', 'c'],
      want: { 'tls-san': ['a', 'b', 'c'] },
    },
    { name: '= inside a value', argv: ['--data-dir=a=b'], want: { 'data-dir': 'a=b' } },
  ]
  for (const { name, argv, want } of cases) t.match(parse({ argv }).values, want, name)
  t.same(
    parse({ argv: ['get', '--debug', 'pods', '--', '-x'] }).rest,
    ['get', 'pods', '-x'],
    'the rest',
  )
})

void t.test('precedence: command line, environment, files, default', async t => {
  const files = [
    { port: 1, 'data-dir': '/file' },
    { port: 2, unknown: 'of another subcommand' },
  ]
  const env = { KITES_DATA_DIR: '/env' }
  t.match(parse({}).values, { port: 6443, 'data-dir': '/var/lib/kites', output: undefined })
  t.match(parse({ files }).values, { port: 2, 'data-dir': '/file' }, 'later files win')
  t.match(parse({ files, env }).values, { 'data-dir': '/env' })
  t.match(parse({ files, env, argv: ['-d', '/argv'] }).values, { 'data-dir': '/argv' })
  const lists = [{ 'tls-san': ['a'] }, { 'tls-san+': ['b'] }]
  t.same(parse({ files: lists }).values['tls-san'], ['a', 'b'], 'key+ appends')
  t.same(parse({ files: lists, argv: ['--tls-san=c'] }).values['tls-san'], ['c'], 'argv replaces')
})

void t.test('mistakes are one line that names the flag', async t => {
  const cases: readonly { argv: string[]; says: string }[] = [
    { argv: ['--nope'], says: 'unknown flag: --nope (see --help)' },
    { argv: ['--port'], says: 'flag needs a value: --port' },
    { argv: ['--port', 'http'], says: '--port is a whole number, not "http"' },
    { argv: ['--port=-1'], says: '--port is a whole number, not "-1"' },
    { argv: ['--debug=maybe'], says: '--debug is true or false, not "maybe"' },
  ]
  for (const { argv, says } of cases) t.throws(() => parse({ argv }), new UsageError(says), says)
})

void t.test('help shows every flag with its default and environment variable', async t => {
  const help = describeFlags(TABLE)
  for (const name of Object.keys(TABLE)) t.match(help, `--${name}`)
  t.match(help, 'state [$KITES_DATA_DIR] (default: /var/lib/kites)')
})
