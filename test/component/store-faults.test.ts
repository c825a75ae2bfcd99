/**
 * What the store must stand: SIGKILL at any moment, power cuts, a full disk.
 * KITES_TEST_KILLS and KITES_TEST_POWER_CUTS say how often; gcc builds the recording layer; the full disk is a tmpfs
 * and needs root.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t from 'tap'
import { systemClock } from '#base/clock.ts'
import { silentLogger } from '#base/logger.ts'
import { seededRandom } from '#base/random.ts'
import { openSqliteStore } from '#server/store/sqlite.ts'
import { KillHistory } from '#test/support/kill-history.ts'
import { type Image, powerCuts } from '#test/support/power-cut.ts'
import { codeOf, commit, put } from '#test/support/store-contract.ts'

const KILLS = Number(process.env['KITES_TEST_KILLS'] ?? 20)
const POWER_CUTS = Number(process.env['KITES_TEST_POWER_CUTS'] ?? 40)
const SEED = Number(process.env['KITES_TEST_SEED'] ?? Date.now() % 1e6)
const DEADLINE_MS = 30_000

const root = mkdtempSync(join(tmpdir(), 'kites-faults-'))
t.teardown(() => rmSync(root, { recursive: true, force: true }))
t.comment(`seed ${SEED}`)
t.setTimeout(20 * 60_000)

const load = new URL('../support/store-load.ts', import.meta.url).pathname

function startLoad(args: readonly (string | number)[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, [load, ...args.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  })
}

/** Kills it so long after it said that it is open, and adds every fact it wrote to `history`. */
async function runAndKill(directory: string, history: KillHistory, afterMs: number): Promise<void> {
  const run = history.startRun()
  const child = startLoad([directory, 'mixed', SEED * 1000 + run, history.resumeRevision])
  const ended = once(child, 'exit')
  const watchdog = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS)
  child.stdout?.once('data', () => setTimeout(() => child.kill('SIGKILL'), afterMs))
  const [, signal] = await ended
  clearTimeout(watchdog)
  if (signal !== 'SIGKILL') throw new Error(`the store process ended by itself in run ${run}`)
  const facts = join(directory, 'facts')
  history.endRun(readFileSync(facts, 'utf8'))
  rmSync(facts)
}

void t.test(`${KILLS} kills lose nothing, tear nothing, and reuse no revision`, async t => {
  const directory = join(root, 'kills')
  mkdirSync(directory)
  const random = seededRandom(SEED)
  const history = new KillHistory()
  for (let kill = 0; kill < KILLS; kill++) {
    const afterMs = random.float() ** 2 * 300
    await runAndKill(directory, history, afterMs)
  }
  // A last run, long enough for its watch to have replayed everything.
  await runAndKill(directory, history, 1000)
  const problems = history.check()
  t.same(problems, [])
  t.comment(`${history.acknowledged} acknowledged commits, ${history.volatile} volatile`)
  t.ok(history.acknowledged > KILLS * 10, 'there was load')
})

function buildRecorder(): string {
  const library = join(root, 'record-writes.so')
  const source = new URL('../support/record-writes.c', import.meta.url).pathname
  execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl', '-lpthread'])
  return library
}

async function recordLoad(mode: 'power' | 'power-normal', library: string): Promise<Buffer> {
  const directory = join(root, mode)
  const log = join(root, `${mode}.log`)
  mkdirSync(directory)
  const child = startLoad([directory, mode, SEED, 0, 2000], {
    LD_PRELOAD: library,
    KITES_RECORD_DIR: directory,
    KITES_RECORD_LOG: log,
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`the recorded store ended with ${code}`)
  const record = readFileSync(log)
  rmSync(directory, { recursive: true })
  rmSync(log)
  return record
}

/** Opens what is left after the cut; returns what is wrong with it. */
async function examine(image: Image): Promise<readonly string[]> {
  const directory = mkdtempSync(join(root, 'image-'))
  for (const [name, bytes] of image.files) writeFileSync(join(directory, name), bytes)
  const path = join(directory, 'state.db')
  const problems: string[] = []
  const store = await openSqliteStore({ path, clock: systemClock, log: silentLogger })
  const { entries } = await store.list({ prefix: '' })
  await store.close()
  const db = new Database(path)
  const integrity = db.pragma('integrity_check', { simple: true })
  db.close()
  if (integrity !== 'ok') problems.push(`integrity: ${String(integrity)}`)
  const found = new Map(entries.map(entry => [entry.key, entry]))
  for (const fact of image.facts) {
    const [kind, revision, ...writes] = fact.split(' ')
    if (kind !== 'A') continue
    for (const [key = '', value = ''] of writes.map(write => write.split('='))) {
      const entry = found.get(key)
      const isThere =
        entry?.revision === Number(revision) && entry.bytes.toString().startsWith(value)
      if (!isThere) problems.push(`lost ${fact}`)
    }
  }
  for (const key of found.keys()) {
    if (key.endsWith('/a') && !found.has(`${key.slice(0, -1)}b`)) problems.push(`half of ${key}`)
  }
  rmSync(directory, { recursive: true })
  return problems
}

void t.test(`${POWER_CUTS} power cuts lose no acknowledged commit`, async t => {
  const library = buildRecorder()
  const random = seededRandom(SEED)
  await t.test('with synchronous=FULL', async t => {
    const record = await recordLoad('power', library)
    let examined = 0
    for (const image of powerCuts(record, POWER_CUTS, random)) {
      examined++
      const problems = await examine(image)
      if (problems.length > 0) t.same(problems.slice(0, 5), [], `image ${examined}`)
    }
    t.equal(examined, POWER_CUTS)
  })
  await t.test('and the test would notice: synchronous=NORMAL does lose some', async t => {
    const record = await recordLoad('power-normal', library)
    let losses = 0
    for (const image of powerCuts(record, 10, random)) {
      const problems = await examine(image)
      if (problems.some(problem => problem.startsWith('lost'))) losses++
    }
    t.ok(losses > 0, `${losses} of 10 images lost acknowledged commits`)
  })
})

void t.test('a full disk refuses writes, keeps reading, and recovers by itself', async t => {
  const mount = join(root, 'small')
  mkdirSync(mount)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', mount])
  try {
    const path = join(mount, 'db', 'state.db')
    const ballast = join(mount, 'ballast')
    writeFileSync(ballast, Buffer.alloc(4 * 1024 * 1024))
    const store = await openSqliteStore({ path, clock: systemClock, log: silentLogger })
    const filler = 'x'.repeat(20_000)
    let stored = 0
    let code = 'none'
    for (; code === 'none' && stored < 1000; stored++) {
      code = await codeOf(commit(store, put(`/f/${stored}`, filler)))
    }
    stored--
    t.equal(code, 'disk-full')
    const revision = store.revision
    const many = await Promise.all(
      Array.from({ length: 20 }, (_, i) => codeOf(commit(store, put(`/g/${i}`, filler)))),
    )
    t.ok(many.every(one => one === 'disk-full'))
    t.equal(store.revision, revision, 'the head is what is durable')
    t.equal((await store.list({ prefix: '/f/' })).entries.length, stored)
    await store.close()
    const full = await openSqliteStore({ path, clock: systemClock, log: silentLogger })
    t.equal((await full.list({ prefix: '/f/' })).entries.length, stored, 'it starts all the same')
    t.equal(await codeOf(commit(full, put('/still', filler))), 'disk-full')
    rmSync(ballast)
    t.equal(await codeOf(commit(full, put('/after', 'space is back'))), 'none')
    await full.close()
    const again = await openSqliteStore({ path, clock: systemClock, log: silentLogger })
    t.equal((await again.list({ prefix: '/f/' })).entries.length, stored)
    t.ok(await again.get('/after'))
    await again.close()
  } finally {
    execFileSync('umount', [mount])
  }
})
