/**
 * Defaults that old versions had of their own and that depend on other fields, by OpenAPI name of the struct. Pure.
 * What an old version defaults as the stored one does is not said twice: the stored form gets its defaults as well.
 * Source: kubernetes pkg/apis/{extensions,apps,certificates,...}/v1beta1/defaults.go
 */
import { type Fields, recordOf } from '#api/values.ts'

type Rule = (value: Fields) => Fields

/** The template's labels were selector and labels of whoever left these out. */
const labelled: Rule = object => {
  const spec = recordOf(object['spec'])
  const metadata = recordOf(object['metadata'])
  const { labels } = recordOf(recordOf(spec['template'])['metadata'])
  if (labels === undefined) return object
  const isLabelled = Object.keys(recordOf(metadata['labels'])).length > 0
  if (isLabelled && spec['selector'] !== undefined) return object
  return {
    ...object,
    metadata: isLabelled ? metadata : { ...metadata, labels },
    spec: { ...spec, selector: spec['selector'] ?? { matchLabels: labels } },
  }
}

const rolling: Rule = strategy => {
  const { type } = strategy
  const isRolling = type === undefined || type === '' || type === 'RollingUpdate'
  return isRolling && strategy['rollingUpdate'] === undefined
    ? { ...strategy, rollingUpdate: {} }
    : strategy
}

export const OLD_RULES: Readonly<Record<string, Rule>> = {
  'io.k8s.api.extensions.v1beta1.Deployment': labelled,
  'io.k8s.api.extensions.v1beta1.DeploymentStrategy': rolling,
  'io.k8s.api.extensions.v1beta1.DaemonSet': labelled,
  'io.k8s.api.extensions.v1beta1.ReplicaSet': labelled,
  'io.k8s.api.apps.v1beta1.Deployment': labelled,
  'io.k8s.api.apps.v1beta1.StatefulSet': labelled,
}
