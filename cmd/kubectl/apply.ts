/** `kites kubectl apply`: server-side apply of manifests, as field manager `kubectl`. */
import type { AnyObject } from '#api/object.ts'
import { ifThere } from '#client/absence.ts'
import type { HttpTransport } from '#client/http-transport.ts'
import { describeFlags, parseFlags, UsageError, type FlagTable } from '../flags.ts'
import {
  COMMON_FLAGS,
  discover,
  failureLine,
  nameOf,
  pathOf,
  type DiscoveredResource,
  withCluster,
} from './cluster.ts'
import { readManifests } from './manifests.ts'

const FLAGS = {
  ...COMMON_FLAGS,
  filename: {
    kind: 'list',
    short: 'f',
    help: 'file, folder, or - for standard input',
    value: 'FILE',
  },
} as const satisfies FlagTable

export async function run(argv: readonly string[]): Promise<number> {
  const { values } = parseFlags(FLAGS, { argv, env: process.env, files: [] })
  if (values.help) {
    process.stdout.write(`Usage: kites kubectl apply -f FILE [flags]\n\n${describeFlags(FLAGS)}\n`)
    return 0
  }
  if (values.filename.length === 0) throw new UsageError('must specify -f FILE')
  const objects = readManifests(values.filename)
  return withCluster(values, async ({ transport, namespace }) => {
    const resources = await discover(transport)
    let failures = 0
    for (const object of objects) {
      try {
        const { resource, path } = placeOf(resources, object, namespace)
        const outcome = await applyOne(transport, path, object)
        process.stdout.write(`${nameOf(resource, object.metadata.name ?? '')} ${outcome}\n`)
      } catch (error) {
        // One bad object does not keep the others from being applied.
        failures += 1
        process.stderr.write(`${failureLine(error)}\n`)
      }
    }
    return failures === 0 ? 0 : 1
  })
}

/** Where an object of a manifest lives. Throws when the server does not know its kind or it has no name. */
export function placeOf(
  resources: readonly DiscoveredResource[],
  object: AnyObject,
  namespace: string,
): { resource: DiscoveredResource; path: string } {
  const resource = resources.find(
    ({ group, version, kind }) =>
      kind === object.kind &&
      object.apiVersion === (group === '' ? version : `${group}/${version}`),
  )
  if (resource === undefined) {
    throw new Error(`no matches for kind "${object.kind}" in version "${object.apiVersion}"`)
  }
  if (object.metadata.name === undefined) {
    throw new Error(
      `a ${object.kind} has metadata.generateName only; apply and delete need metadata.name`,
    )
  }
  const where = object.metadata.namespace ?? namespace
  return { resource, path: pathOf(resource, where, object.metadata.name) }
}

async function applyOne(
  transport: HttpTransport,
  path: string,
  object: AnyObject,
): Promise<string> {
  const before = await ifThere(transport.request({ method: 'GET', path }))
  const after = await transport.request({
    method: 'PATCH',
    path,
    query: { fieldManager: 'kubectl', force: 'true', fieldValidation: 'Strict' },
    contentType: 'application/apply-patch+yaml',
    body: object,
  })
  if (before === undefined) return 'created'
  const isSame = before.metadata.resourceVersion === after.metadata.resourceVersion
  return isSame ? 'unchanged' : 'configured'
}
