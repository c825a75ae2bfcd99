/**
 * Ingresses and IngressClasses. Pure.
 * Source: kubernetes pkg/apis/networking/validation/validation.go
 */
import { isIP } from 'node:net'
import { looseIpFaults } from '#api/addresses.ts'
import {
  labelFaults,
  pathSegmentFaults,
  patternFault,
  portNameFaults,
  portNumberFaults,
  subdomainFaults,
} from '#api/names.ts'
import { INGRESS_CLASS } from '#api/old-annotations.ts'
import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressClass,
  IngressClassParametersReference,
  IngressRule,
  IngressServiceBackend,
  IngressSpec,
  IngressTLS,
} from '#api/types/networking-v1.ts'
import { validateDomainPath } from '#api/validation/domain-path.ts'
import {
  type Faults,
  forbidden,
  refuseChange,
  required,
  requireFormat,
  tooLong,
  unsupported,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import type { RuleTable } from '#api/validation/rules.ts'

const CONTROLLER_MAX = 250
const NOT_A_NAME = 'must be a DNS name, not an IP address'

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const WILDCARD = `\\*\\.${LABEL}(\\.${LABEL})*`
const wildcardPattern = new RegExp(`^${WILDCARD}$`)
const WILDCARD_FAULT =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character"

const wildcardFaults = (value: string): string[] =>
  wildcardPattern.test(value) ? [] : [patternFault(WILDCARD_FAULT, WILDCARD, '*.example.com')]

const hostFaults = (host: string): string[] =>
  host.includes('*') ? wildcardFaults(host) : subdomainFaults(host)

function validateSpec(faults: Faults, spec: IngressSpec): void {
  const { rules = [], tls = [], defaultBackend, ingressClassName } = spec
  if (rules.length === 0 && defaultBackend === undefined) {
    faults.push(wrong('spec', spec.rules, 'either `defaultBackend` or `rules` must be specified'))
  }
  if (defaultBackend !== undefined) validateBackend(faults, 'spec.defaultBackend', defaultBackend)
  for (const [index, rule] of rules.entries()) validateRule(faults, `spec.rules[${index}]`, rule)
  for (const [index, entry] of tls.entries()) validateTls(faults, `spec.tls[${index}]`, entry)
  if (ingressClassName !== undefined) {
    const found = subdomainFaults(ingressClassName)
    wrongFormat(faults, 'spec.ingressClassName', ingressClassName, found)
  }
}

function validateRule(faults: Faults, field: string, { host = '', http }: IngressRule): void {
  if (isIP(host) !== 0) faults.push(wrong(`${field}.host`, host, NOT_A_NAME))
  if (host !== '') wrongFormat(faults, `${field}.host`, host, hostFaults(host))
  if (http === undefined) return
  if (http.paths.length === 0) faults.push(required(`${field}.http.paths`))
  for (const [index, path] of http.paths.entries()) {
    validatePath(faults, `${field}.http.paths[${index}]`, path)
  }
}

const PATH_TYPES: readonly string[] = ['Exact', 'ImplementationSpecific', 'Prefix']
const BAD_SEQUENCES: readonly string[] = ['//', '/./', '/../', '%2f', '%2F']
const BAD_ENDS: readonly string[] = ['/..', '/.']

function validatePath(faults: Faults, field: string, entry: HTTPIngressPath): void {
  const { path = '', backend } = entry
  const type: string | undefined = entry.pathType
  if (type === undefined) {
    faults.push(required(`${field}.pathType`, 'pathType must be specified'))
    return
  }
  const refuse = (detail: string): void => {
    faults.push(wrong(`${field}.path`, path, detail))
  }
  const isAbsolute = path.startsWith('/')
  if (type === 'Exact' || type === 'Prefix') {
    if (!isAbsolute) refuse('must be an absolute path')
    for (const bad of BAD_SEQUENCES) if (path.includes(bad)) refuse(`must not contain '${bad}'`)
    for (const bad of BAD_ENDS) if (path.endsWith(bad)) refuse(`cannot end with '${bad}'`)
  } else if (type === 'ImplementationSpecific') {
    if (path !== '' && !isAbsolute) refuse('must be an absolute path')
  } else faults.push(unsupported(`${field}.pathType`, type, PATH_TYPES))
  validateBackend(faults, `${field}.backend`, backend)
}

function validateBackend(
  faults: Faults,
  field: string,
  { service, resource }: IngressBackend,
): void {
  if (resource !== undefined && service !== undefined) {
    faults.push(wrong(field, '', 'cannot set both resource and service backends'))
  } else if (resource !== undefined) {
    validateReference(faults, `${field}.resource`, resource)
  } else if (service !== undefined) validateServiceBackend(faults, field, service)
  else faults.push(wrong(field, '', 'resource or service backend is required'))
}

function validateServiceBackend(
  faults: Faults,
  field: string,
  { name, port = {} }: IngressServiceBackend,
): void {
  requireFormat(faults, `${field}.service.name`, name, labelFaults)
  const place = `${field}.service.port`
  const { name: portName = '', number = 0 } = port
  if (portName !== '' && number !== 0) {
    faults.push(wrong(field, '', 'cannot set both port name & port number'))
  } else if (portName !== '') {
    wrongFormat(faults, `${place}.name`, portName, portNameFaults(portName))
  } else if (number !== 0) {
    for (const detail of portNumberFaults(number)) {
      faults.push(wrong(`${place}.number`, number, detail))
    }
  } else faults.push(required(field, 'port name or number is required'))
}

interface Reference {
  readonly apiGroup?: string
  readonly kind: string
  readonly name: string
}

function validateReference(
  faults: Faults,
  field: string,
  { apiGroup, kind, name }: Reference,
): void {
  if (apiGroup !== undefined) {
    wrongFormat(faults, `${field}.apiGroup`, apiGroup, subdomainFaults(apiGroup))
  }
  requireFormat(faults, `${field}.kind`, kind, pathSegmentFaults)
  requireFormat(faults, `${field}.name`, name, pathSegmentFaults)
}

function validateTls(
  faults: Faults,
  field: string,
  { hosts = [], secretName = '' }: IngressTLS,
): void {
  for (const [index, host] of hosts.entries()) {
    wrongFormat(faults, `${field}.hosts[${index}]`, host, hostFaults(host))
  }
  if (secretName !== '') {
    wrongFormat(faults, `${field}.secretName`, secretName, subdomainFaults(secretName))
  }
}

function validateIngress(faults: Faults, { spec = {}, metadata }: Ingress): void {
  validateSpec(faults, spec)
  const annotated = metadata.annotations?.[INGRESS_CLASS]
  const { ingressClassName: named } = spec
  if (annotated !== undefined && named !== undefined && annotated !== named) {
    const detail = 'must match `ingressClassName` when both are specified'
    faults.push(wrong(`annotations.${INGRESS_CLASS}`, annotated, detail))
  }
}

function validateIngressStatus(faults: Faults, { status }: Ingress, before: Ingress): void {
  const known = new Set((before.status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip))
  for (const [index, { ip = '', hostname = '' }] of (
    status?.loadBalancer?.ingress ?? []
  ).entries()) {
    const field = `status.loadBalancer.ingress[${index}]`
    if (ip !== '' && !known.has(ip)) wrongFormat(faults, `${field}.ip`, ip, looseIpFaults(ip))
    if (hostname === '') continue
    wrongFormat(faults, `${field}.hostname`, hostname, subdomainFaults(hostname))
    if (isIP(hostname) !== 0) faults.push(wrong(`${field}.hostname`, hostname, NOT_A_NAME))
  }
}

function validateIngressClass(faults: Faults, { spec = {} }: IngressClass): void {
  const { controller = '', parameters } = spec
  if (controller.length > CONTROLLER_MAX) faults.push(tooLong('spec.controller', CONTROLLER_MAX))
  validateDomainPath(faults, 'spec.controller', controller)
  if (parameters !== undefined) validateParameters(faults, 'spec.parameters', parameters)
}

const SCOPES: readonly string[] = ['Cluster', 'Namespace']

function validateParameters(
  faults: Faults,
  field: string,
  parameters: IngressClassParametersReference,
): void {
  validateReference(faults, field, parameters)
  const { scope, namespace } = parameters
  if (scope === undefined) faults.push(required(`${field}.scope`))
  else if (!SCOPES.includes(scope)) faults.push(unsupported(`${field}.scope`, scope, SCOPES))
  else if (scope === 'Namespace') {
    const place = `${field}.namespace`
    if (namespace === undefined) {
      faults.push(required(place, "`parameters.scope` is set to 'Namespace'"))
    } else wrongFormat(faults, place, namespace, labelFaults(namespace))
  } else if (namespace !== undefined) {
    faults.push(forbidden(`${field}.namespace`, "`parameters.scope` is set to 'Cluster'"))
  }
}

export const INGRESS_RULES: RuleTable = {
  'ingresses.networking.k8s.io': {
    create: validateIngress,
    update: (faults, { spec = {} }: Ingress) => validateSpec(faults, spec),
    status: validateIngressStatus,
  },
  'ingressclasses.networking.k8s.io': {
    create: validateIngressClass,
    update(faults, ingressClass: IngressClass, before: IngressClass) {
      const change = { before: before.spec?.controller, after: ingressClass.spec?.controller }
      refuseChange(faults, 'spec.controller', change)
      validateIngressClass(faults, ingressClass)
    },
  },
}
