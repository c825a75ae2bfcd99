/**
 * ConfigMaps, Secrets, ServiceAccounts. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidateConfigMap, ValidateSecret
 */
import { jsonKindOf } from '#api/go-text.ts'
import { byteLength, configKeyFaults } from '#api/names.ts'
import type { ConfigMap, Secret } from '#api/types/core-v1.ts'
import { equalJson } from '#api/json.ts'
import { JsonFault, readJson } from '#api/schema/json.ts'
import {
  type Faults,
  forbidden,
  refuseChange,
  required,
  tooLong,
  WHOLE,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'

const SIZE_MAX = 1024 * 1024

/** Bytes that base64 text stands for. */
const decodedLength = (text: string): number => Buffer.byteLength(text, 'base64')

export function validateConfigMap(faults: Faults, configMap: ConfigMap): void {
  const { data = {}, binaryData = {} } = configMap
  let bytes = 0
  for (const [key, value] of Object.entries(data)) {
    wrongFormat(faults, `data[${key}]`, key, configKeyFaults(key))
    if (Object.hasOwn(binaryData, key)) {
      faults.push(wrong(`data[${key}]`, key, 'duplicate of key present in binaryData'))
    }
    bytes += byteLength(value)
  }
  for (const [key, value] of Object.entries(binaryData)) {
    wrongFormat(faults, `binaryData[${key}]`, key, configKeyFaults(key))
    bytes += decodedLength(value)
  }
  if (bytes > SIZE_MAX) faults.push(tooLong(WHOLE, SIZE_MAX))
}

const FROZEN = 'field is immutable when `immutable` is set'

export function validateConfigMapUpdate(
  faults: Faults,
  configMap: ConfigMap,
  before: ConfigMap,
): void {
  refuseFrozen(faults, { before, after: configMap }, ['data', 'binaryData'])
  validateConfigMap(faults, configMap)
}

interface Freezable {
  readonly immutable?: boolean
}

function refuseFrozen<Kind extends Freezable>(
  faults: Faults,
  change: { readonly before: Kind; readonly after: Kind },
  fields: readonly (keyof Kind & string)[],
): void {
  const { before, after } = change
  if (before.immutable !== true) return
  if (after.immutable !== true) faults.push(forbidden('immutable', FROZEN))
  for (const field of fields) {
    if (!equalJson(after[field] ?? {}, before[field] ?? {})) faults.push(forbidden(field, FROZEN))
  }
}

export function validateSecret(faults: Faults, secret: Secret): void {
  const data = secret.data ?? {}
  let bytes = 0
  for (const [key, value] of Object.entries(data)) {
    wrongFormat(faults, `data[${key}]`, key, configKeyFaults(key))
    bytes += decodedLength(value)
  }
  if (bytes > SIZE_MAX) faults.push(tooLong('data', SIZE_MAX))
  SECRET_TYPES.get(secret.type ?? '')?.(faults, secret)
}

const ACCOUNT_NAME = 'kubernetes.io/service-account.name'

const requireKey =
  (key: string) =>
  (faults: Faults, { data = {} }: Secret): void => {
    if (!Object.hasOwn(data, key)) faults.push(required(`data[${key}]`))
  }

const requireJson =
  (key: string) =>
  (faults: Faults, secret: Secret): void => {
    const text = secret.data?.[key]
    const fault = text === undefined ? undefined : mapFault(Buffer.from(text, 'base64'))
    if (text === undefined) faults.push(required(`data[${key}]`))
    if (fault !== undefined) {
      faults.push(wrong(`data[${key}]`, '<secret contents redacted>', fault))
    }
  }

/** Why the text is no JSON object, in Go's words; undefined when it is one, or null. */
function mapFault(text: Uint8Array): string | undefined {
  try {
    const { value } = readJson(text)
    if (typeof value === 'object' && !Array.isArray(value)) return undefined
    return `json: cannot unmarshal ${jsonKindOf(value)} into Go value of type map[string]interface {}`
  } catch (error) {
    if (error instanceof JsonFault) return error.message
    throw error
  }
}

/** What a type of secret must hold. */
type SecretRule = (faults: Faults, secret: Secret) => void

const SECRET_TYPES: ReadonlyMap<string, SecretRule> = new Map(
  Object.entries<SecretRule>({
    'kubernetes.io/service-account-token': (faults, { metadata }) => {
      if ((metadata.annotations?.[ACCOUNT_NAME] ?? '') === '') {
        faults.push(required(`metadata.annotations[${ACCOUNT_NAME}]`))
      }
    },
    'kubernetes.io/dockercfg': requireJson('.dockercfg'),
    'kubernetes.io/dockerconfigjson': requireJson('.dockerconfigjson'),
    'kubernetes.io/basic-auth': (faults, { data = {} }) => {
      if (Object.hasOwn(data, 'username') || Object.hasOwn(data, 'password')) return
      faults.push(required('data[username]'), required('data[password]'))
    },
    'kubernetes.io/ssh-auth': (faults, { data = {} }) => {
      if ((data['ssh-privatekey'] ?? '') === '') faults.push(required('data[ssh-privatekey]'))
    },
    'kubernetes.io/tls': (faults, secret) => {
      requireKey('tls.crt')(faults, secret)
      requireKey('tls.key')(faults, secret)
    },
  }),
)

export function validateSecretUpdate(faults: Faults, secret: Secret, before: Secret): void {
  refuseChange(faults, 'type', { before: before.type, after: secret.type })
  refuseFrozen(faults, { before, after: secret }, ['data'])
  validateSecret(faults, secret)
}
