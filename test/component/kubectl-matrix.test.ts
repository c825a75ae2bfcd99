/** The oldest and the newest kubectl, asked the same: apply, read, explain, every generator, changes, old forms. */
import t from 'tap'
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AGES, type KubectlClient, play, startClient } from './kubectl-clients.ts'
import {
  APPLY,
  CERTIFICATES,
  CHANGE,
  CREATE,
  DELETE,
  EXPLAIN,
  OLD_FORMS,
  READ,
} from './kubectl-steps.ts'

const TABLES = { APPLY, READ, EXPLAIN, CREATE, CHANGE, OLD_FORMS, CERTIFICATES, DELETE }

const openssl = (args: string, cwd: string): Buffer =>
  execFileSync('openssl', args.split(' '), { cwd })

/** Files that steps name, and requests for certificates, for which kubectl has no generator. */
async function prepare({ cluster: { api } }: KubectlClient): Promise<void> {
  const { directory } = api
  openssl('req -x509 -newkey ed25519 -nodes -keyout tls.key -out tls.crt -subj /CN=x', directory)
  const request = openssl('req -new -key tls.key -subj /O=system:nodes/CN=x', directory)
  mkdirSync(join(directory, 'kustom'))
  writeFileSync(
    join(directory, 'kustom', 'kustomization.yaml'),
    'resources: [cm.yaml]\nnameSuffix: -kustom\n',
  )
  writeFileSync(
    join(directory, 'kustom', 'cm.yaml'),
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: k, namespace: default }\n',
  )
  for (const name of ['good', 'bad'])
    await api.kubectl(
      ['create', '-f', '-'],
      JSON.stringify({
        apiVersion: 'certificates.k8s.io/v1',
        kind: 'CertificateSigningRequest',
        metadata: { name },
        spec: {
          request: request.toString('base64'),
          signerName: 'example.com/x',
          usages: ['client auth'],
        },
      }),
    )
}

// Each has a cluster of its own: they run side by side.
t.jobs = AGES.length
for (const age of AGES)
  void t.test(`${age} kubectl`, { buffered: true }, async t => {
    const client = await startClient(age)
    t.teardown(() => client.cluster.close())
    await prepare(client)
    for (const [name, steps] of Object.entries(TABLES))
      await t.test(name.toLowerCase(), async t => play(t, client, steps))
  })
