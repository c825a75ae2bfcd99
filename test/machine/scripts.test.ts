/** The shell scripts that run on machines of others: no bashism, nothing that shellcheck finds, a header that explains. */
import { execFileSync, spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import t from 'tap'

const scripts = globSync(['packaging/*.sh', 'test/*.sh']).sort()

await t.test('every script', async t => {
  t.ok(scripts.includes('packaging/install.sh'))
  for (const script of scripts) {
    const parsed = spawnSync('sh', ['-n', script], { encoding: 'utf8' })
    t.equal(parsed.stderr, '', `${script} is for sh`)
    const checked = spawnSync('shellcheck', ['--shell=dash', script], { encoding: 'utf8' })
    t.equal(checked.error, undefined)
    t.equal(checked.stdout, '', `${script} is clean`)
  }
})

await t.test('--help explains and does nothing', async t => {
  for (const [script, said] of [
    ['packaging/install.sh', /KITES_TOKEN=TOKEN[^]*What it does to the host/],
    ['packaging/uninstall.sh', /--keep-packages/],
  ] as const)
    t.match(execFileSync('sh', [script, '--help'], { encoding: 'utf8' }), said)
})
