/**
 * What the cluster's own names mean. Pure, given a view of the objects.
 *
 * Names, below the cluster domain (`cluster.local`):
 *
 *     web.shop.svc                      the service's address, or, headless, the addresses of its ready endpoints
 *     _http._tcp.web.shop.svc           SRV of a named port
 *     db-0.db.shop.svc                  one endpoint of a headless service, by hostname or as 10-42-0-7
 *     10-42-0-7.shop.pod                that address
 *     7.0.42.10.in-addr.arpa            back again, within the cluster's networks
 *
 * Law  A name that exists, or has names below it, is never NXDOMAIN for another type: that would stop resolvers that
 *      ask for AAAA first.
 * Source: github.com/kubernetes/dns docs/specification.md
 */
import type { Service } from '#api/types/core-v1.ts'
import type { Endpoint, EndpointSlice } from '#api/types/discovery-v1.ts'
import { formatAddress, type Network, networkContains, parseAddress } from '#netfilter/networks.ts'
import { type Answer, type DnsRecord, type Question, RCODE, TYPE } from './wire.ts'

export interface NamesView {
  readonly domain: string
  /** Networks whose reverse names are ours to answer. */
  readonly networks: readonly Network[]
  service(key: string): Service | undefined
  /** Slices of a service, by the service's key. */
  slices(key: string): readonly EndpointSlice[]
  servicesByAddress(address: string): readonly Service[]
  slicesByAddress(address: string): readonly EndpointSlice[]
  hasServices(namespace: string): boolean
}

export type Resolution =
  /** Not ours: ask others. */
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** An alias, whose target has to be looked up too, here or elsewhere. */
  | { readonly kind: 'alias'; readonly record: DnsRecord; readonly target: string }

const CLUSTER_TTL_SECONDS = 5
const REVERSE_SUFFIX = '.in-addr.arpa'
/** Version of the specification, which clients may ask for. */
const SCHEMA_VERSION = '1.1.0'

export function resolveName(question: Question, view: NamesView): Resolution {
  const { name } = question
  if (name.endsWith(REVERSE_SUFFIX)) return resolveReverse(question, view)
  if (name !== view.domain && !name.endsWith(`.${view.domain}`)) return { kind: 'elsewhere' }
  const path = name === view.domain ? [] : name.slice(0, -view.domain.length - 1).split('.')
  return resolvePath(question, path.toReversed(), view)
}

/** `path` is the name below the domain, outermost label first: [svc, shop, web]. */
function resolvePath(question: Question, path: readonly string[], view: NamesView): Resolution {
  const [kind, namespace, ...rest] = path
  if (kind === undefined) return answerOf(question, view, apexRecords(question, view))
  if (kind === 'dns-version' && path.length === 1) {
    return answerOf(question, view, [record(question.name, { type: 'TXT', text: SCHEMA_VERSION })])
  }
  if (kind === 'ns' || kind === 'dns') return answerOf(question, view, [])
  if (kind !== 'svc' && kind !== 'pod') return missing(view)
  if (namespace === undefined) return answerOf(question, view, [])
  if (kind === 'pod') return resolvePod(question, rest, view)
  if (rest.length === 0) {
    return view.hasServices(namespace) ? answerOf(question, view, []) : missing(view)
  }
  return resolveService({ question, namespace, path: rest, view })
}

const apexRecords = (question: Question, { domain }: NamesView): readonly DnsRecord[] => [
  record(question.name, { type: 'SOA', origin: domain, minimum: CLUSTER_TTL_SECONDS }),
  record(question.name, { type: 'NS', target: `ns.dns.${domain}` }),
]

function resolvePod(question: Question, path: readonly string[], view: NamesView): Resolution {
  const [dashed, ...more] = path
  if (dashed === undefined) return answerOf(question, view, [])
  const address = dashed.replaceAll('-', '.')
  if (more.length > 0 || parseAddress(address) === undefined) return missing(view)
  return answerOf(question, view, [record(question.name, { type: 'A', address })])
}

interface ServiceInput {
  readonly question: Question
  readonly namespace: string
  /** Outermost first, starting with the service: [web], [web, _tcp, _http], [db, db-0]. */
  readonly path: readonly string[]
  readonly view: NamesView
}

function resolveService(input: ServiceInput): Resolution {
  const { question, namespace, path, view } = input
  const [serviceName = '', first, second, ...more] = path
  const service = view.service(`${namespace}/${serviceName}`)
  if (service === undefined || more.length > 0) return missing(view)
  if (service.spec?.type === 'ExternalName') {
    if (first !== undefined) return missing(view)
    const target = (service.spec.externalName ?? '').toLowerCase().replace(/\.$/, '')
    return {
      kind: 'alias',
      target,
      record: record(question.name, { type: 'CNAME', target }),
    }
  }
  const key = `${namespace}/${serviceName}`
  if (first === undefined) return answerOf(question, view, serviceRecords(question, service, view))
  if (first === '_tcp' || first === '_udp' || first === '_sctp') {
    const ports = { protocol: first.slice(1).toUpperCase(), portName: second?.replace(/^_/, '') }
    return resolvePort({ question, service, view, ...ports })
  }
  if (second !== undefined || !isHeadless(service)) return missing(view)
  const records = readyEndpoints(view.slices(key))
    .filter(endpoint => hostnameOf(endpoint) === first)
    .flatMap(addressesOf)
    .map(address => record(question.name, { type: 'A', address }))
  return records.length === 0 ? missing(view) : answerOf(question, view, records)
}

const isHeadless = ({ spec }: Service): boolean => spec?.clusterIP === 'None'

const clusterAddresses = ({ spec }: Service): readonly string[] =>
  (spec?.clusterIPs ?? [spec?.clusterIP ?? '']).filter(ip => parseAddress(ip) !== undefined)

const keyOfService = ({ metadata }: Service): string =>
  `${metadata.namespace ?? ''}/${metadata.name ?? ''}`

/** Addresses; and, for whoever asks the service's own name for SRV, all its named ports. */
function serviceRecords(
  question: Question,
  service: Service,
  view: NamesView,
): readonly DnsRecord[] {
  if (question.type === TYPE.SRV) {
    return (service.spec?.ports ?? [])
      .filter(port => (port.name ?? '') !== '')
      .flatMap(port => portRecords({ question, service, view, port: port.name ?? '' }))
  }
  const addresses = isHeadless(service)
    ? readyEndpoints(view.slices(keyOfService(service))).flatMap(addressesOf)
    : clusterAddresses(service)
  return [...new Set(addresses)].map(address => record(question.name, { type: 'A', address }))
}

interface PortInput {
  readonly question: Question
  readonly service: Service
  readonly view: NamesView
  readonly protocol: string
  readonly portName: string | undefined
}

function resolvePort(input: PortInput): Resolution {
  const { question, service, view, protocol, portName } = input
  const ports = (service.spec?.ports ?? []).filter(port => (port.protocol ?? 'TCP') === protocol)
  if (portName === undefined) {
    return ports.length === 0 ? missing(view) : answerOf(question, view, [])
  }
  if (!ports.some(port => port.name === portName)) return missing(view)
  const records = portRecords({ question, service, view, port: portName })
  return answerOf(question, view, records)
}

interface PortRecordsInput {
  readonly question: Question
  readonly service: Service
  readonly view: NamesView
  readonly port: string
}

/** One SRV for a service with an address, one per endpoint for a headless one. */
function portRecords(input: PortRecordsInput): readonly DnsRecord[] {
  const { question, service, view, port } = input
  const base = `${service.metadata.name ?? ''}.${service.metadata.namespace ?? ''}.svc.${view.domain}`
  const srv = (target: string, number: number, count: number): DnsRecord =>
    record(question.name, {
      type: 'SRV',
      priority: 0,
      weight: Math.max(1, Math.floor(100 / count)),
      port: number,
      target,
    })
  if (!isHeadless(service)) {
    const number = service.spec?.ports?.find(({ name }) => name === port)?.port
    return number === undefined ? [] : [srv(base, number, 1)]
  }
  const ends = view.slices(keyOfService(service)).flatMap(slice => {
    const number = slice.ports?.find(({ name }) => name === port)?.port
    if (number === undefined) return []
    return readyEndpoints([slice]).map(endpoint => ({ endpoint, number }))
  })
  return ends.map(({ endpoint, number }) =>
    srv(`${hostnameOf(endpoint)}.${base}`, number, ends.length),
  )
}

const readyEndpoints = (slices: readonly EndpointSlice[]): readonly Endpoint[] =>
  slices
    .filter(slice => slice.addressType === 'IPv4')
    .flatMap(slice => slice.endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready ?? true)

const addressesOf = ({ addresses }: Endpoint): readonly string[] =>
  addresses.filter(address => parseAddress(address) !== undefined)

/** Endpoints without a hostname are known by their address. */
const hostnameOf = ({ hostname, addresses }: Endpoint): string =>
  (hostname ?? '') === '' ? (addresses[0] ?? '').replaceAll('.', '-') : (hostname ?? '')

function resolveReverse(question: Question, view: NamesView): Resolution {
  const octets = question.name.slice(0, -REVERSE_SUFFIX.length).split('.').toReversed()
  const value = parseAddress(octets.join('.'))
  if (value === undefined) return { kind: 'elsewhere' }
  const address = formatAddress(value)
  const names = reverseNames(address, view)
  if (names.length > 0) {
    const records = names.map(target => record(question.name, { type: 'PTR', target }))
    return answerOf(question, view, records)
  }
  const isOurs = view.networks.some(network => networkContains(network, value))
  return isOurs ? missing(view) : { kind: 'elsewhere' }
}

function reverseNames(address: string, view: NamesView): readonly string[] {
  const services = view
    .servicesByAddress(address)
    .map(({ metadata }) => `${metadata.name ?? ''}.${metadata.namespace ?? ''}.svc.${view.domain}`)
  if (services.length > 0) return services
  const names = view.slicesByAddress(address).flatMap(slice => {
    const namespace = slice.metadata.namespace ?? ''
    const serviceName = slice.metadata.labels?.['kubernetes.io/service-name']
    const service = view.service(`${namespace}/${serviceName ?? ''}`)
    if (serviceName === undefined || service === undefined || !isHeadless(service)) return []
    return readyEndpoints([slice])
      .filter(endpoint => endpoint.addresses.includes(address))
      .map(endpoint => `${hostnameOf(endpoint)}.${serviceName}.${namespace}.svc.${view.domain}`)
  })
  return [...new Set(names)]
}

type RecordData = DnsRecord extends infer Each
  ? Each extends DnsRecord
    ? Omit<Each, 'name' | 'ttl'>
    : never
  : never

const record = (name: string, data: RecordData): DnsRecord => ({
  name,
  ttl: CLUSTER_TTL_SECONDS,
  ...data,
})

const soa = ({ domain }: NamesView): DnsRecord =>
  record(domain, { type: 'SOA', origin: domain, minimum: CLUSTER_TTL_SECONDS })

/** The records of the type asked for; without any, the proof that the name exists nevertheless. */
function answerOf(question: Question, view: NamesView, records: readonly DnsRecord[]): Resolution {
  const answers = records.filter(
    ({ type }) => question.type === TYPE.ANY || TYPE[type] === question.type,
  )
  return {
    kind: 'answer',
    answer: {
      rcode: RCODE.success,
      isAuthoritative: true,
      answers,
      authority: answers.length === 0 ? [soa(view)] : [],
      additional: [],
    },
  }
}

const missing = (view: NamesView): Resolution => ({
  kind: 'answer',
  answer: {
    rcode: RCODE.nameError,
    isAuthoritative: true,
    answers: [],
    authority: [soa(view)],
    additional: [],
  },
})
