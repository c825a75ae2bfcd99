/**
 * Parts of CustomResourceDefinitions: subresources, columns, conversion. Pure.
 * Source: k8s.io/apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go
 */
import type {
  CustomResourceColumnDefinition,
  CustomResourceConversion,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
} from '#api/types/apiextensions-v1.ts'
import { type Faults, forbidden, required, requireOneOf, wrong } from '#api/validation/fault.ts'
import { validateClient, validateReviewVersions } from '#api/validation/webhooks.ts'

const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string']
const COLUMN_FORMATS = [
  'byte',
  'date',
  'date-time',
  'double',
  'float',
  'int32',
  'int64',
  'password',
]
/** Replicas live under spec and status; the selector under either. */
export function validateSubresources(
  faults: Faults,
  field: string,
  subresources: CustomResourceSubresources | undefined,
): void {
  const scale = subresources?.scale
  if (scale === undefined) return
  const place = `${field}.subresources.scale`
  const paths = [
    ['specReplicasPath', ['.spec.'], '.spec'],
    ['statusReplicasPath', ['.status.'], '.status'],
    ['labelSelectorPath', ['.spec.', '.status.'], 'either .spec or .status'],
  ] as const
  for (const [name, roots, where] of paths) {
    const path = scale[name] ?? ''
    const at = `${place}.${name}`
    if (path === '') {
      if (name !== 'labelSelectorPath') faults.push(required(at))
    } else if (!path.startsWith('.')) {
      faults.push(wrong(at, path, 'must be a simple json path starting with .'))
    } else if (!roots.some(root => path.startsWith(root))) {
      faults.push(wrong(at, path, `should be a json path under ${where}`))
    }
  }
}

export function validateColumns(
  faults: Faults,
  field: string,
  { additionalPrinterColumns: columns = [] }: CustomResourceDefinitionVersion,
): void {
  for (const [index, column] of columns.entries()) {
    validateColumn(faults, `${field}.additionalPrinterColumns[${index}]`, column)
  }
}

function validateColumn(
  faults: Faults,
  field: string,
  column: CustomResourceColumnDefinition,
): void {
  const { name, type, format = '', jsonPath: path } = column
  const types = `must be one of ${COLUMN_TYPES.join(',')}`
  if (name === '') faults.push(required(`${field}.name`))
  if (type === '') faults.push(required(`${field}.type`, types))
  else if (!COLUMN_TYPES.includes(type)) faults.push(wrong(`${field}.type`, type, types))
  if (format !== '' && !COLUMN_FORMATS.includes(format)) {
    faults.push(wrong(`${field}.format`, format, `must be one of ${COLUMN_FORMATS.join(',')}`))
  }
  if (path === '') faults.push(required(`${field}.JSONPath`))
  else if (!path.startsWith('.')) {
    faults.push(wrong(`${field}.JSONPath`, path, 'must be a simple json path starting with .'))
  }
}

export function validateConversion(faults: Faults, conversion: CustomResourceConversion): void {
  const { strategy, webhook } = conversion
  const field = 'spec.conversion'
  requireOneOf(faults, `${field}.strategy`, strategy, ['None', 'Webhook'])
  if (strategy === 'Webhook') {
    const place = `${field}.webhookClientConfig`
    if (webhook?.clientConfig === undefined) {
      faults.push(required(place, 'required when strategy is set to Webhook'))
    } else validateClient(faults, place, webhook.clientConfig)
    const versions = webhook?.conversionReviewVersions ?? []
    const at = `${field}.conversionReviewVersions`
    if (versions.length === 0) faults.push(required(at))
    else {
      const known = ['v1', 'v1beta1']
      validateReviewVersions(faults, at, { versions, isKnownRequired: true, known })
    }
  } else if (webhook !== undefined) {
    const detail = 'should not be set when strategy is not set to Webhook'
    if (webhook.clientConfig !== undefined) {
      faults.push(forbidden(`${field}.webhookClientConfig`, detail))
    }
    if ((webhook.conversionReviewVersions ?? []).length > 0) {
      faults.push(forbidden(`${field}.conversionReviewVersions`, detail))
    }
  }
}
