/**
 * Rows of the kinds of networking.k8s.io. Pure.
 * Source: kubernetes pkg/printers/internalversion/printers.go
 */
import { AGE, ageOf, NAME, nameOf, NONE, type Printer, text } from '#api/columns/printer.ts'
import { selectorText } from '#api/columns/selector-text.ts'
import type {
  Ingress,
  IngressClass,
  IPAddress,
  NetworkPolicy,
  ServiceCIDR,
} from '#api/types/networking-v1.ts'

const HOSTS_MAX = 3

function hostsText({ spec }: Ingress): string {
  const { rules = [] } = spec ?? {}
  const shown: string[] = []
  let isCut = false
  for (const { host = '' } of rules) {
    isCut ||= shown.length === HOSTS_MAX
    if (!isCut && host !== '') shown.push(host)
  }
  if (shown.length === 0) return '*'
  const text = shown.join(',')
  return isCut ? `${text} + ${rules.length - HOSTS_MAX} more...` : text
}

const ingressPrinter: Printer = {
  columns: [
    NAME,
    text('Class', 'IngressClass whose controller acts on it.'),
    text('Hosts', 'Hosts it has rules for.'),
    text('Address', 'Where it can be reached.'),
    text('Ports', 'Ports it listens on.'),
    AGE,
  ],
  cells(ingress: Ingress, now: number) {
    const { spec, status } = ingress
    const addresses = (status?.loadBalancer?.ingress ?? [])
      .map(({ ip = '', hostname = '' }) => ip || hostname)
      .filter(address => address !== '')
    return [
      nameOf(ingress),
      spec?.ingressClassName ?? NONE,
      hostsText(ingress),
      [...new Set(addresses)].sort().join(','),
      (spec?.tls ?? []).length > 0 ? '80, 443' : '80',
      ageOf(ingress, now),
    ]
  },
}

const DEFAULT_ANNOTATION = 'ingressclass.kubernetes.io/is-default-class'

const ingressClassPrinter: Printer = {
  columns: [
    NAME,
    text('Controller', 'Who acts on ingresses of the class.'),
    text('Parameters', 'Object with settings for the controller.'),
    AGE,
  ],
  cells(ingressClass: IngressClass, now: number) {
    const { controller = '', parameters } = ingressClass.spec ?? {}
    const group = parameters?.apiGroup === undefined ? '' : `.${parameters.apiGroup}`
    const isDefault = ingressClass.metadata.annotations?.[DEFAULT_ANNOTATION] === 'true'
    return [
      `${nameOf(ingressClass)}${isDefault ? ' (default)' : ''}`,
      controller,
      parameters === undefined ? NONE : `${parameters.kind}${group}/${parameters.name}`,
      ageOf(ingressClass, now),
    ]
  },
}

const networkPolicyPrinter: Printer = {
  columns: [NAME, text('Pod-Selector', 'Pods the policy is about.'), AGE],
  cells(policy: NetworkPolicy, now: number) {
    return [nameOf(policy), selectorText(policy.spec?.podSelector ?? {}), ageOf(policy, now)]
  },
}

const NO_PARENT = { group: '', resource: '', namespace: '', name: '' }

const ipAddressPrinter: Printer = {
  columns: [NAME, text('ParentRef', 'What holds the address.')],
  cells(address: IPAddress) {
    const { group, resource, namespace, name } = { ...NO_PARENT, ...address.spec.parentRef }
    const kind = group === '' ? resource : `${resource}.${group}`
    const parts = [kind.toLowerCase(), namespace, name].filter(part => part !== '')
    return [nameOf(address), parts.join('/')]
  },
}

const serviceCIDRPrinter: Printer = {
  columns: [NAME, text('CIDRs', 'Addresses that Services get.'), AGE],
  cells(range: ServiceCIDR, now: number) {
    return [nameOf(range), (range.spec?.cidrs ?? []).join(','), ageOf(range, now)]
  },
}

export const NETWORKING_PRINTERS: Readonly<Record<string, Printer>> = {
  'ingresses.networking.k8s.io': ingressPrinter,
  'ingressclasses.networking.k8s.io': ingressClassPrinter,
  'networkpolicies.networking.k8s.io': networkPolicyPrinter,
  'ipaddresses.networking.k8s.io': ipAddressPrinter,
  'servicecidrs.networking.k8s.io': serviceCIDRPrinter,
}
