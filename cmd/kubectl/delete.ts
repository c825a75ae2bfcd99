/** `kites kubectl delete`: by name, by label or by manifest; waits until the objects are gone. */
import type { AnyObject } from '#api/object.ts'
import { isReason } from '#api/status.ts'
import { systemClock } from '#base/clock.ts'
import { ifThere } from '#client/absence.ts'
import type { HttpTransport } from '#client/http-transport.ts'
import { describeFlags, parseFlags, UsageError, type FlagTable } from '../flags.ts'
import { placeOf } from './apply.ts'
import {
  COMMON_FLAGS,
  discover,
  failureLine,
  nameOf,
  pathOf,
  targetsOf,
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
  selector: { kind: 'string', short: 'l', help: 'objects with these labels' },
  all: { kind: 'boolean', help: 'all objects of the resource in the namespace' },
  'grace-period': { kind: 'number', help: 'seconds a pod gets to end', value: 'SECONDS' },
  'ignore-not-found': { kind: 'boolean', help: 'what is already gone is no error' },
  wait: { kind: 'boolean', default: true, help: 'wait until the objects are gone' },
} as const satisfies FlagTable

interface Victim {
  readonly label: string
  readonly path: string
}

export async function run(argv: readonly string[]): Promise<number> {
  const { values, rest } = parseFlags(FLAGS, { argv, env: process.env, files: [] })
  if (values.help) {
    process.stdout.write(
      `Usage: kites kubectl delete RESOURCE NAME... | -f FILE [flags]\n\n${describeFlags(FLAGS)}\n`,
    )
    return 0
  }
  const objects = readManifests(values.filename)
  return withCluster(values, async ({ transport, namespace }) => {
    const resources = await discover(transport)
    const victims =
      values.filename.length > 0
        ? objects.map(object => victimOf(resources, object, namespace))
        : await selected(transport, resources, rest, { ...values, namespace })
    const { deleted, failures } = await deleteAll(transport, victims, {
      graceSeconds: values['grace-period'],
      ignoreNotFound: values['ignore-not-found'],
    })
    if (values.wait) await untilGone(transport, deleted)
    return failures === 0 ? 0 : 1
  })
}

interface Deleted {
  readonly path: string
  /** '' when the server did not say. */
  readonly uid: string
}

async function deleteAll(
  transport: HttpTransport,
  victims: readonly Victim[],
  how: { readonly graceSeconds: number | undefined; readonly ignoreNotFound: boolean },
): Promise<{ readonly deleted: readonly Deleted[]; readonly failures: number }> {
  const body = {
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    propagationPolicy: 'Background',
    ...(how.graceSeconds === undefined ? {} : { gracePeriodSeconds: how.graceSeconds }),
  }
  const deleted: Deleted[] = []
  let failures = 0
  for (const { label, path } of victims) {
    try {
      const answer = await transport.request({ method: 'DELETE', path, body })
      deleted.push({ path, uid: uidOf(answer) })
      process.stdout.write(`${label} deleted\n`)
    } catch (error) {
      if (isReason(error, 'NotFound') && how.ignoreNotFound) continue
      failures += 1
      process.stderr.write(`${failureLine(error)}\n`)
    }
  }
  return { deleted, failures }
}

/** The answer is the object while it ends, and a Status when it is gone. */
function uidOf(answer: AnyObject): string {
  const details = answer['details']
  const told =
    typeof details === 'object' && details !== null && 'uid' in details ? details.uid : ''
  return answer.metadata?.uid ?? (typeof told === 'string' ? told : '')
}

function victimOf(
  resources: readonly DiscoveredResource[],
  object: AnyObject,
  namespace: string,
): Victim {
  const { resource, path } = placeOf(resources, object, namespace)
  return { label: quoted(resource, object.metadata.name ?? ''), path }
}

const quoted = (resource: DiscoveredResource, name: string): string =>
  nameOf(resource, name).replace(/\/(.*)$/, ' "$1"')

async function selected(
  transport: HttpTransport,
  resources: readonly DiscoveredResource[],
  words: readonly string[],
  { namespace, selector, all }: { namespace: string; selector: string | undefined; all: boolean },
): Promise<Victim[]> {
  const victims: Victim[] = []
  for (const { resource, name } of targetsOf(resources, words)) {
    if (name !== undefined) {
      victims.push({ label: quoted(resource, name), path: pathOf(resource, namespace, name) })
      continue
    }
    if (selector === undefined && !all)
      throw new UsageError('name the objects, or say -l LABELS or --all')
    const query: Record<string, string> = selector === undefined ? {} : { labelSelector: selector }
    const list = await transport.request({
      method: 'GET',
      path: pathOf(resource, namespace),
      query,
    })
    for (const { metadata } of (list['items'] ?? []) as readonly AnyObject[]) {
      const found = metadata.name ?? ''
      victims.push({ label: quoted(resource, found), path: pathOf(resource, namespace, found) })
    }
  }
  return victims
}

/** Another object of the same name, made meanwhile, is not waited for. */
async function untilGone(transport: HttpTransport, deleted: readonly Deleted[]): Promise<void> {
  for (const { path, uid } of deleted) {
    while (await isThere(transport, path, uid)) await systemClock.sleep(200)
  }
}

async function isThere(transport: HttpTransport, path: string, uid: string): Promise<boolean> {
  const object = await ifThere(transport.request({ method: 'GET', path }))
  return object !== undefined && (uid === '' || object.metadata.uid === uid)
}
