/**
 * Ingresses of extensions/v1beta1 and networking.k8s.io/v1beta1. Pure.
 * Source: kubernetes pkg/apis/extensions/v1beta1/conversion.go
 */
import type { Conversion } from './conversion.ts'
import { changed, defined, mapped } from './fields.ts'
import { type Fields, recordOf, textOf, without } from '#api/values.ts'

function serviceBackend(backend: Fields): unknown {
  const { serviceName, servicePort } = backend
  const rest = without(backend, 'serviceName', 'servicePort')
  const isNamed = typeof servicePort === 'string'
  const isNothing = textOf(serviceName) === '' && (servicePort === undefined || servicePort === 0)
  if (isNothing) return rest
  const port = isNamed
    ? servicePort === ''
      ? {}
      : { name: servicePort }
    : defined({ number: servicePort })
  return { ...rest, service: { name: textOf(serviceName), port } }
}

function betaBackend(backend: Fields): unknown {
  const { service } = backend
  if (service === undefined) return backend
  const { name, port } = recordOf(service)
  const { name: portName, number = 0 } = recordOf(port)
  return {
    ...without(backend, 'service'),
    serviceName: name,
    servicePort: textOf(portName) === '' ? number : portName,
  }
}

/** What v1 wants said: a path without a type was matched as the controller saw fit. */
const PATH_TYPE = 'ImplementationSpecific'

/** Every backend of the paths changed. */
const withBackends = (rules: unknown, change: (backend: Fields) => unknown): unknown =>
  mapped(rules, rule =>
    changed(rule, 'http', http => {
      const paths = mapped(http['paths'], path => ({
        ...changed(path, 'backend', change),
        pathType: path['pathType'] ?? PATH_TYPE,
      }))
      return defined({ ...http, paths })
    }),
  )

const withSpec = (
  ingress: Fields,
  [from, to]: readonly [string, string],
  change: (backend: Fields) => unknown,
): Fields =>
  changed(ingress, 'spec', spec =>
    defined({
      ...without(spec, from),
      [to]: spec[from] === undefined ? undefined : change(recordOf(spec[from])),
      rules: withBackends(spec['rules'], change),
    }),
  )

export const INGRESS: Conversion = {
  toStorage: ingress => withSpec(ingress, ['backend', 'defaultBackend'], serviceBackend),
  fromStorage: ingress => withSpec(ingress, ['defaultBackend', 'backend'], betaBackend),
}
