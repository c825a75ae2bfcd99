/**
 * Private network namespaces for tests that need the real kernel. Owns: the processes that hold the namespaces.
 *
 * A test file runs itself again inside a new network and mount namespace (`insideNewNetns`), where it is the host:
 * nothing it does reaches the machine. Further namespaces (pods, other hosts, clients) are held by sleeping processes.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { type CommandResult, type RunCommand, runCommand } from '#netfilter/command.ts'

const MARK = 'KITES_TEST_IN_NETNS'

/** False: this process has already run the file inside and ended with its exit code set; do nothing more. */
export function insideNewNetns(): boolean {
  if (process.env[MARK] === '1') {
    run(['ip', 'link', 'set', 'lo', 'up'])
    // The machine's /sys shows the machine's interfaces.
    run(['mount', '-t', 'sysfs', 'sysfs', '/sys'])
    return true
  }
  const file = process.argv[1] ?? ''
  const argv = ['--net', '--mount', process.execPath, ...process.execArgv, file]
  const result = spawnSync('unshare', argv, {
    stdio: 'inherit',
    env: { ...process.env, [MARK]: '1' },
  })
  process.exitCode = result.status ?? 1
  return false
}

/** Runs a program that must succeed; returns what it printed. */
export function run(argv: readonly string[], input = ''): string {
  const [program = '', ...args] = argv
  const result = spawnSync(program, args, { input, encoding: 'utf8' })
  if (result.status !== 0) throw new Error(`${argv.join(' ')}: ${result.stderr}`)
  return result.stdout
}

export interface Namespace {
  readonly pid: number
  /** Runs a program inside; see RunCommand. */
  readonly command: RunCommand
  /** Runs a program inside that must succeed. */
  run(argv: readonly string[], input?: string): string
  /** Starts a program inside that lives until `end`. */
  start(argv: readonly string[]): ChildProcess
  end(): void
}

/** A namespace with nothing in it but loopback. */
export async function newNamespace(): Promise<Namespace> {
  const holder = spawn('unshare', ['--net', 'sleep', '3600'], { stdio: 'ignore' })
  const pid = holder.pid ?? 0
  await until(() => hasOwnNetns(pid))
  const children = [holder]
  const inside = (argv: readonly string[]): readonly string[] => [
    'nsenter',
    '-t',
    String(pid),
    '-n',
    ...argv,
  ]
  run(inside(['ip', 'link', 'set', 'lo', 'up']))
  return {
    pid,
    command: (argv, options) => runCommand(inside(argv), options),
    run: (argv, input) => run(inside(argv), input),
    start(argv) {
      const [program = '', ...args] = inside(argv)
      const child = spawn(program, args, { stdio: 'ignore' })
      children.push(child)
      return child
    },
    end() {
      for (const child of children.toReversed()) child.kill('SIGKILL')
    },
  }
}

function hasOwnNetns(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`) !== readlinkSync('/proc/self/ns/net')
  } catch {
    return false
  }
}

/** A cable between this namespace and another. */
export function connectNamespaces(input: {
  readonly here: { readonly name: string; readonly cidr: string }
  readonly there: { readonly namespace: Namespace; readonly name: string; readonly cidr: string }
}): void {
  const { here, there } = input
  run(
    ['ip', '-batch', '-'],
    `link add ${here.name} type veth peer name ${there.name} netns ${there.namespace.pid}
addr add ${here.cidr} dev ${here.name}
link set ${here.name} up
`,
  )
  there.namespace.run(
    ['ip', '-batch', '-'],
    `addr add ${there.cidr} dev ${there.name}\nlink set ${there.name} up\n`,
  )
}

/** Waits for a condition, looking every few milliseconds. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 5000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > deadline)
      throw new Error(`not within ${timeoutMs} ms: ${condition.toString()}`)
    await new Promise(resolve => {
      setTimeout(resolve, 5)
    })
  }
}

/** The body of a web page fetched with busybox inside a namespace, or `failed` with how long that took. */
export async function fetchFrom(command: RunCommand, url: string): Promise<string> {
  let result: CommandResult
  try {
    result = await command(['busybox', 'wget', '-q', '-O', '-', url], { timeoutMs: 2000 })
  } catch {
    return 'timeout'
  }
  return result.code === 0 ? result.stdout.trim() : 'refused'
}
