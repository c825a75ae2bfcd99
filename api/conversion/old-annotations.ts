/**
 * Annotations that carried meaning before there were fields for it, read into those fields where they are empty. Pure.
 *
 * Runs as defaults do, on whatever is sent; a pod made from a template brings the template's annotations with it. An
 * annotation that cannot be read says nothing. `volume.alpha.kubernetes.io/storage-class` meant "the default class,
 * whatever the value": leaving the field empty is exactly that.
 * Source: kubernetes 1.5 pkg/api/v1/conversion.go, 1.7 pkg/api/v1/helper, 1.10 plugin/pkg/admission/priority, 1.20
 * pkg/registry/core/pod/strategy.go applySeccompVersionSkew, 1.6 pkg/api/service/annotations.go
 */
import { SECCOMP_CONTAINER, SECCOMP_POD, STORAGE_CLASS } from '#api/old-annotations.ts'
import { struct } from '#api/schema/catalog.ts'
import { decoderOf } from '#api/schema/decode.ts'
import type { Type } from '#api/schema/type.ts'
import { defined, mapped } from './fields.ts'
import { type Fields, recordOf, textOf } from '#api/values.ts'

type Rule = (object: Fields) => Fields
type Annotations = Readonly<Record<string, unknown>>

const annotationsOf = (object: Fields): Annotations | undefined => {
  const { annotations } = recordOf(object['metadata'])
  return annotations === undefined ? undefined : recordOf(annotations)
}

/** The value in an annotation as one of `type`; undefined when it is none. */
function parsed(annotations: Annotations, name: string, type: () => Type): unknown {
  const text = annotations[name]
  if (typeof text !== 'string') return undefined
  try {
    return decoderOf(type())(JSON.parse(text), { unknown: false })
  } catch {
    return undefined
  }
}

const listType = (name: string): Type => ({
  kind: 'list',
  items: struct(name),
  listType: 'atomic',
  keys: [],
})

/** The spec with what `read` found for fields that are empty; the same object when there is nothing to add. */
function withSpec(object: Fields, read: Fields): Fields {
  const spec = recordOf(object['spec'])
  const added = Object.entries(read).filter(
    ([name, value]) => value !== undefined && isEmpty(spec[name]),
  )
  return added.length === 0
    ? object
    : { ...object, spec: { ...spec, ...Object.fromEntries(added) } }
}

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === '' ||
  value === false ||
  (Array.isArray(value) && value.length === 0)

const SECCOMP_TYPES: ReadonlyMap<string, string> = new Map([
  ['runtime/default', 'RuntimeDefault'],
  ['docker/default', 'RuntimeDefault'],
  ['unconfined', 'Unconfined'],
])
const LOCALHOST = 'localhost/'

function seccompProfile(value: unknown): Fields | undefined {
  const text = textOf(value)
  const type = SECCOMP_TYPES.get(text)
  if (type !== undefined) return { type }
  return text.startsWith(LOCALHOST)
    ? { type: 'Localhost', localhostProfile: text.slice(LOCALHOST.length) }
    : undefined
}

function confined(owner: Fields, value: unknown): Fields {
  const context = recordOf(owner['securityContext'])
  const seccompProfileOf = seccompProfile(value)
  return seccompProfileOf === undefined || context['seccompProfile'] !== undefined
    ? owner
    : { ...owner, securityContext: { ...context, seccompProfile: seccompProfileOf } }
}

const CONTAINER_LISTS = ['containers', 'initContainers'] as const

function withSeccomp(object: Fields, annotations: Annotations): Fields {
  if (!Object.keys(annotations).some(name => name.includes('seccomp.security.alpha'))) return object
  const spec = confined(recordOf(object['spec']), annotations[SECCOMP_POD])
  const lists = CONTAINER_LISTS.map(list => {
    const containers = mapped(spec[list], container =>
      confined(container, annotations[`${SECCOMP_CONTAINER}${textOf(container['name'])}`]),
    )
    return [list, containers] as const
  })
  return { ...object, spec: defined({ ...spec, ...Object.fromEntries(lists) }) }
}

const SYSTEM = 'kube-system'

export const podAnnotations: Rule = pod => {
  const annotations = annotationsOf(pod)
  if (annotations === undefined) return pod
  const { namespace } = recordOf(pod['metadata'])
  const isCritical =
    annotations['scheduler.alpha.kubernetes.io/critical-pod'] === '' && namespace === SYSTEM
  const containers = (): Type => listType('core-v1.Container')
  const read = withSpec(pod, {
    affinity: parsed(annotations, 'scheduler.alpha.kubernetes.io/affinity', () =>
      struct('core-v1.Affinity'),
    ),
    tolerations: parsed(annotations, 'scheduler.alpha.kubernetes.io/tolerations', () =>
      listType('core-v1.Toleration'),
    ),
    initContainers:
      parsed(annotations, 'pod.beta.kubernetes.io/init-containers', containers) ??
      parsed(annotations, 'pod.alpha.kubernetes.io/init-containers', containers),
    priorityClassName: isCritical ? 'system-cluster-critical' : undefined,
  })
  return withSeccomp(read, annotations)
}

const ONLY_LOCAL = 'OnlyLocal'
const EXTERNAL_TRAFFIC = ['service.beta', 'service.alpha'].map(
  prefix => `${prefix}.kubernetes.io/external-traffic`,
)

export const serviceAnnotations: Rule = service => {
  const annotations = annotationsOf(service)
  if (annotations === undefined) return service
  const isLocal = EXTERNAL_TRAFFIC.some(name => annotations[name] === ONLY_LOCAL)
  const port = Number(annotations['service.beta.kubernetes.io/healthcheck-nodeport'] ?? Number.NaN)
  const toleratesUnready =
    annotations['service.alpha.kubernetes.io/tolerate-unready-endpoints'] === 'true'
  return withSpec(service, {
    externalTrafficPolicy: isLocal ? 'Local' : undefined,
    healthCheckNodePort: isLocal && Number.isInteger(port) ? port : undefined,
    publishNotReadyAddresses: toleratesUnready ? true : undefined,
  })
}

/** Of claims and volumes. */
export const volumeAnnotations: Rule = volume => {
  const storageClass = annotationsOf(volume)?.[STORAGE_CLASS]
  return withSpec(volume, { storageClassName: storageClass })
}

const BETA_DEFAULT = 'storageclass.beta.kubernetes.io/is-default-class'
const DEFAULT = 'storageclass.kubernetes.io/is-default-class'

export const storageClassAnnotations: Rule = storageClass => {
  const annotations = annotationsOf(storageClass)
  const beta = annotations?.[BETA_DEFAULT]
  if (beta === undefined || annotations?.[DEFAULT] !== undefined) return storageClass
  const metadata = recordOf(storageClass['metadata'])
  return {
    ...storageClass,
    metadata: { ...metadata, annotations: { ...annotations, [DEFAULT]: beta } },
  }
}
