/**
 * The oldest and the newest kubectl that must work, each against a cluster of its own, and tables of what they are
 * asked. `test/run.sh` provides both. Not a test itself.
 */
import { spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type ControlCluster, startControlCluster } from './control-fixture.ts'
import type { Ran } from './api-fixture.ts'

const FOLDER = new URL('../../node_modules/.cache/kubectl/', import.meta.url).pathname

export type Age = 'old' | 'new'
export const AGES: readonly Age[] = ['old', 'new']

export interface Expected {
  readonly code?: number
  readonly out?: RegExp
  readonly err?: RegExp
}

export interface Step extends Expected {
  /** Parted by spaces. */
  readonly args: string
  readonly input?: string
  /** What this one does otherwise; `absent`: it has no such command. */
  readonly old?: Expected | 'absent'
  readonly new?: Expected | 'absent'
}

export interface KubectlClient {
  readonly age: Age
  readonly cluster: ControlCluster
  run(args: readonly string[], input?: string): Promise<Ran>
}

/** With a Ready node `n1` and a namespace `default`. */
export async function startClient(age: Age): Promise<KubectlClient> {
  const path = join(FOLDER, age, 'kubectl')
  if (!existsSync(path)) throw new Error(`no ${path}: test/run.sh provides it`)
  const cluster = await startControlCluster()
  const { directory, kubeconfig } = cluster.api
  writeFileSync(join(directory, 'edit.sh'), EDITOR, { mode: 0o755 })
  const env = {
    PATH: process.env['PATH'],
    HOME: directory,
    KUBECONFIG: kubeconfig,
    KUBE_EDITOR: join(directory, 'edit.sh'),
  }
  await cluster.addNode('n1')
  return { age, cluster, run: (args, input) => start(path, args, { env, cwd: directory, input }) }
}

/** What somebody types who edits an object. */
const EDITOR = '#!/bin/sh\nsed -i "s/^data:/data:\\n  edited: \\"yes\\"/" "$1"\n'

const DEADLINE_MS = 30_000

interface Start {
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  readonly input: string | undefined
}

const start = (path: string, args: readonly string[], { env, cwd, input }: Start): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const child = spawn(path, args, { env, cwd, timeout: DEADLINE_MS })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.once('error', reject)
    child.once('close', code => resolve({ code: code ?? -1, stdout, stderr }))
    child.stdin.end(input ?? '')
  })

export async function play(t: Test, client: KubectlClient, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    const own = step[client.age]
    if (own === 'absent') continue
    const { code = 0, out, err }: Expected = { ...step, ...own }
    const ran = await client.run(step.args.split(' '), step.input)
    const told = { stdout: ran.stdout, stderr: ran.stderr }
    t.equal(ran.code, code, `${step.args}: exit code`, told)
    if (out !== undefined) t.match(ran.stdout, out, step.args, told)
    if (err !== undefined) t.match(ran.stderr, err, step.args, told)
  }
}
