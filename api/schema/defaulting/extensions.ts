/**
 * Defaults of the kinds that extend the API server and of device requests: each depends on other fields. Pure.
 * Source: k8s.io/apiextensions-apiserver pkg/apis/apiextensions/v1/defaults.go, kubernetes
 * pkg/apis/resource/v1/defaults.go
 */
import { isRecord } from '#api/values.ts'

type Fields = Readonly<Record<string, unknown>>

/** Whoever asks for an exact number of devices without saying how many asks for one. */
const deviceRequest = (value: Fields): Fields => {
  const mode = value['allocationMode'] ?? 'ExactCount'
  const isCounted = value['count'] !== undefined && value['count'] !== 0
  return mode === 'ExactCount' && !isCounted ? { ...value, count: 1 } : value
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** `Widget` -> singular `widget`, list `WidgetList`. */
function definitionNames(value: Fields): Fields {
  const { kind, singular, listKind } = value
  if (!isText(kind) || (isText(singular) && isText(listKind))) return value
  return {
    ...value,
    singular: isText(singular) ? singular : kind.toLowerCase(),
    listKind: isText(listKind) ? listKind : `${kind}List`,
  }
}

const NO_CONVERSION = { strategy: 'None' }

function definitionSpec(value: Fields): Fields {
  const names = isRecord(value['names']) ? definitionNames(value['names']) : undefined
  const converted =
    value['conversion'] === undefined ? { ...value, conversion: NO_CONVERSION } : value
  return names === value['names'] ? converted : { ...converted, names }
}

export const EXTENSION_RULES: Readonly<Record<string, (value: Fields) => Fields>> = {
  'io.k8s.api.resource.v1.ExactDeviceRequest': deviceRequest,
  'io.k8s.api.resource.v1.DeviceSubRequest': deviceRequest,
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionSpec':
    definitionSpec,
}
