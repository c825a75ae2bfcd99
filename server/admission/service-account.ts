/**
 * ServiceAccount: every pod runs as a service account that exists, and gets its token, the cluster's CA and its
 * namespace mounted, unless pod or account say no.
 *
 * A pod that comes right after its namespace waits a moment for the account that a controller makes there.
 * Source: kubernetes plugin/pkg/admission/serviceaccount/admission.go
 */
import type { AdmissionAttributes, AdmissionPlugin } from '#api/request.ts'
import type {
  Container,
  Pod,
  PodSpec,
  ServiceAccount,
  Volume,
  VolumeMount,
} from '#api/types/core-v1.ts'
import type { Clock } from '#base/clock.ts'
import type { Random } from '#base/random.ts'
import { referencesOf } from '../auth/node-graph.ts'
import type { ObjectGetter } from '../auth/object-reader.ts'
import { isKind, refuse, targetOf } from './refusal.ts'

export interface ServiceAccountDeps {
  readonly reader: ObjectGetter
  readonly clock: Pick<Clock, 'sleep'>
  readonly random: Random
}

const DEFAULT_NAME = 'default'
const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror'
const VOLUME_PREFIX = 'kube-api-access-'
const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount'
/** An hour and seven seconds: recognisable, so that the issuer may let such tokens live longer. */
const TOKEN_SECONDS = 3607
const FILE_MODE = 0o644
const LOOKUPS_MAX = 20
const LOOKUP_EVERY_MS = 100

export const createServiceAccountAdmission = (deps: ServiceAccountDeps): AdmissionPlugin => ({
  name: 'ServiceAccount',
  handles: operation => operation === 'CREATE',
  async admit(attributes) {
    const { object: pod, namespace } = attributes
    if (targetOf(attributes) !== 'pods' || !isKind('pods', pod)) return undefined
    if (isMirror(pod)) return undefined
    const name = nameIn(pod.spec)
    const account = await findAccount(deps, namespace, name)
    if (account === undefined) {
      const why = `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`
      throw refuse(attributes, why)
    }
    return { ...pod, spec: specFor(pod.spec, account, deps.random) }
  },
  validate(attributes) {
    const { object: pod } = attributes
    if (targetOf(attributes) === 'pods' && isKind('pods', pod) && isMirror(pod))
      checkMirror(attributes, pod)
  },
})

const isMirror = (pod: Pod): boolean => pod.metadata.annotations?.[MIRROR_ANNOTATION] !== undefined

function nameIn(spec: PodSpec | undefined): string {
  const given = spec?.serviceAccountName ?? ''
  const deprecated = spec?.serviceAccount ?? ''
  if (given !== '') return given
  return deprecated === '' ? DEFAULT_NAME : deprecated
}

async function findAccount(
  { reader, clock }: ServiceAccountDeps,
  ...[namespace, name]: readonly [string, string]
): Promise<ServiceAccount | undefined> {
  const lookups = name === DEFAULT_NAME ? LOOKUPS_MAX : 1
  for (let lookup = 1; ; lookup += 1) {
    const account = reader.get('serviceaccounts', namespace, name)
    if (account !== undefined || lookup >= lookups) return account
    await clock.sleep(LOOKUP_EVERY_MS)
  }
}

function specFor(spec: PodSpec | undefined, account: ServiceAccount, random: Random): PodSpec {
  const name = account.metadata.name ?? ''
  const named: PodSpec = {
    ...(spec ?? { containers: [] }),
    serviceAccountName: name,
    serviceAccount: name,
  }
  const isMounting =
    named.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true
  const mounted = isMounting ? withToken(named, random) : named
  const secrets = account.imagePullSecrets ?? []
  const needsSecrets = (mounted.imagePullSecrets ?? []).length === 0 && secrets.length > 0
  return needsSecrets ? { ...mounted, imagePullSecrets: secrets } : mounted
}

/** Containers that mount something at the token's path already keep it. */
function withToken(spec: PodSpec, random: Random): PodSpec {
  const existing = spec.volumes?.find(volume => volume.name.startsWith(VOLUME_PREFIX))
  const name = existing?.name ?? `${VOLUME_PREFIX}${random.suffix(5)}`
  const mount: VolumeMount = { name, readOnly: true, mountPath: MOUNT_PATH }
  const needs = (container: Container): boolean =>
    !(container.volumeMounts ?? []).some(other => other.mountPath === MOUNT_PATH)
  const mounted = (container: Container): Container =>
    needs(container)
      ? { ...container, volumeMounts: [...(container.volumeMounts ?? []), mount] }
      : container
  const all = [...(spec.initContainers ?? []), ...spec.containers]
  if (!all.some(needs)) return spec
  return {
    ...spec,
    ...(spec.initContainers === undefined
      ? {}
      : { initContainers: spec.initContainers.map(mounted) }),
    containers: spec.containers.map(mounted),
    ...(existing === undefined ? { volumes: [...(spec.volumes ?? []), tokenVolume(name)] } : {}),
  }
}

const tokenVolume = (name: string): Volume => ({
  name,
  projected: {
    sources: [
      { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [
            { path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } },
          ],
        },
      },
    ],
    defaultMode: FILE_MODE,
  },
})

/** A node made the pod from a file of its own: it may not reach through it for anything in the API. */
function checkMirror(attributes: AdmissionAttributes, pod: Pod): void {
  if ((pod.spec?.serviceAccountName ?? '') !== '') {
    throw refuse(attributes, 'a mirror pod may not reference service accounts')
  }
  const { [MIRROR_ANNOTATION]: _mirror, ...annotations } = pod.metadata.annotations ?? {}
  const plain = { ...pod, metadata: { ...pod.metadata, annotations } }
  if (referencesOf(plain).some(reference => reference.startsWith('secrets/'))) {
    throw refuse(attributes, 'a mirror pod may not reference secrets')
  }
  const projections = (pod.spec?.volumes ?? []).flatMap(volume => volume.projected?.sources ?? [])
  if (projections.some(source => source.serviceAccountToken !== undefined)) {
    throw refuse(attributes, 'a mirror pod may not use ServiceAccountToken volume projections')
  }
}
