/**
 * `pods`, `services` and `nodes/{[scheme:]name[:port]}/proxy`: whom the request is for. What is dialled is dialled by the
 * node it belongs to, through that node's tunnel, because this server may have no route to pods; an address outside the
 * cluster (of a Service without selector) by this server.
 *
 * Throws  StatusError: BadRequest for a name or address that cannot be proxied to, NotFound, ServiceUnavailable for a
 *         service without that port or without endpoints.
 * Source: kubernetes pkg/registry/core/{pod,node}/strategy.go ResourceLocation, pkg/registry/core/service/storage
 */
import type { AnyObject } from '#api/object.ts'
import { badRequest, notFound, StatusError } from '#api/status.ts'
import type { NodeRequest } from '#client/node-api.ts'
import { BlockList, isIPv4, isIPv6 } from 'node:net'
import type { Answer, Call, ProxyTarget } from '../call.ts'
import { subjectOf, targetOf } from '../target.ts'
import { admitConnect } from './streams.ts'
import type { SubresourceDeps } from './subresource.ts'
import { listOf, recordOf, textOf } from '#api/values.ts'

export interface ProxyName {
  readonly scheme: 'http' | 'https'
  readonly name: string
  /** A number, the name of a service's port, or ''. */
  readonly port: string
}

/** `name`, `name:port` or `scheme:name:port`; undefined for anything else. Pure. */
function parseProxyName(text: string): ProxyName | undefined {
  const parts = text.split(':')
  if (parts.length > 3) return undefined
  const [scheme = '', name = '', port = ''] = parts.length === 3 ? parts : ['', ...parts]
  if (name === '' || !['', 'http', 'https'].includes(scheme)) return undefined
  return { scheme: scheme === 'https' ? 'https' : 'http', name, port }
}

export async function proxyPod(deps: SubresourceDeps, call: Call): Promise<Answer> {
  const { scheme, name, port } = nameOf(call, 'pod')
  const pod = found(deps, call, name)
  const ports = listOf(recordOf(pod['spec'])['containers']).map(container =>
    listOf(recordOf(container)['ports']).map(one => recordOf(one)['containerPort']),
  )
  const [first] = ports.flat().filter(number => typeof number === 'number')
  await admitConnect(deps, call, pathOption(call))
  const address = textOf(recordOf(pod['status'])['podIP'])
  const nodeName = textOf(recordOf(pod['spec'])['nodeName'])
  const chosen = port === '' && first !== undefined ? String(first) : port
  return proxied(deps, { scheme, address, port: chosen, nodeName })
}

export async function proxyService(deps: SubresourceDeps, call: Call): Promise<Answer> {
  const asked = nameOf(call, 'service')
  const port = /^\d+$/.test(asked.port) ? portNameOf(deps, call, asked) : asked.port
  const storage = 'endpoints'
  const endpoints = deps.cache.get(storage, call.namespace, asked.name)?.object()
  if (endpoints === undefined) throw notFound({ group: '', resource: storage, name: asked.name })
  await admitConnect(deps, call, pathOption(call))
  const usable = listOf(endpoints['subsets']).flatMap(subset => {
    const { addresses, ports } = recordOf(subset)
    const match = listOf(ports).find(one => textOf(recordOf(one)['name']) === port)
    if (match === undefined) return []
    const number = String(recordOf(match)['port'])
    return listOf(addresses).map(address => ({ address: recordOf(address), port: number }))
  })
  const chosen = usable[Math.floor(deps.random.float() * usable.length)]
  if (chosen === undefined) throw unavailable(`no endpoints available for service "${call.name}"`)
  return proxied(deps, {
    scheme: asked.scheme,
    address: textOf(chosen.address['ip']),
    port: chosen.port,
    nodeName: textOf(chosen.address['nodeName']),
  })
}

/** Without a port, or with the kubelet's, it is the kubelet API itself that is asked. */
export async function proxyNode(deps: SubresourceDeps, call: Call): Promise<Answer> {
  const { scheme, name, port } = nameOf(call, 'node')
  const node = found(deps, call, name)
  await admitConnect(deps, call, pathOption(call))
  const status = recordOf(node['status'])
  const daemons = recordOf(status['daemonEndpoints'])
  const kubeletPort = recordOf(daemons['kubeletEndpoint'])['Port']
  if (port === '' || port === String(kubeletPort)) return kubelet(deps, call, name)
  const addresses = listOf(status['addresses']).map(recordOf)
  const internal = addresses.find(({ type }) => type === 'InternalIP')
  const address = textOf(internal?.['address'])
  return proxied(deps, { scheme, address, port, nodeName: name })
}

const METHODS: Readonly<Record<string, string>> = {
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
}

function kubelet(deps: SubresourceDeps, call: Call, nodeName: string): Answer {
  const path = `/${call.rest.map(encodeURIComponent).join('/')}`
  const query = call.query.toString()
  const request: NodeRequest = {
    method: METHODS[call.verb] ?? 'GET',
    path: query === '' ? path : `${path}?${query}`,
    headers: {},
  }
  return {
    kind: 'node-response',
    contentType: 'application/octet-stream',
    open: signal => deps.nodes.request(nodeName, request, signal),
  }
}

interface Place {
  readonly scheme: 'http' | 'https'
  readonly address: string
  /** Empty: the scheme's own. */
  readonly port: string
  readonly nodeName: string
}

function proxied(deps: SubresourceDeps, { scheme, address, port, nodeName }: Place): Answer {
  if (!isProxyable(address)) throw badRequest('address not allowed')
  const number = port === '' ? (scheme === 'https' ? '443' : '80') : port
  if (!/^\d{1,5}$/.test(number)) throw badRequest(`invalid port "${port}"`)
  const path = `/dial/${address}/${number}`
  const target: ProxyTarget = {
    scheme,
    host: `${address.includes(':') ? `[${address}]` : address}:${number}`,
    connect:
      nodeName === ''
        ? undefined
        : signal => deps.nodes.connect(nodeName, { method: 'POST', path, headers: {} }, signal),
  }
  return { kind: 'proxy', target }
}

/** The dialler itself (`0.0.0.0` is one of its names), its link, and nobody in particular. */
const REFUSED = new BlockList()
REFUSED.addSubnet('0.0.0.0', 8, 'ipv4')
REFUSED.addSubnet('127.0.0.0', 8, 'ipv4')
REFUSED.addSubnet('169.254.0.0', 16, 'ipv4')
REFUSED.addSubnet('224.0.0.0', 4, 'ipv4')
REFUSED.addAddress('255.255.255.255', 'ipv4')
// `::`, `::1` and the forgotten form of IPv4 addresses; the form that is in use counts as IPv4.
REFUSED.addSubnet('::', 96, 'ipv6')
REFUSED.addSubnet('fe80::', 10, 'ipv6')
REFUSED.addSubnet('ff00::', 8, 'ipv6')

/** However the address is spelled. Source: kubernetes pkg/proxy/util IsProxyableIP */
export const isProxyable = (address: string): boolean =>
  isIPv4(address)
    ? !REFUSED.check(address, 'ipv4')
    : isIPv6(address) && !address.includes('%') && !REFUSED.check(address, 'ipv6')

function nameOf(call: Call, word: string): ProxyName {
  const parsed = parseProxyName(call.name)
  if (parsed === undefined) throw badRequest(`invalid ${word} request "${call.name}"`)
  return parsed
}

function found(deps: SubresourceDeps, call: Call, name: string): AnyObject {
  const target = targetOf(call)
  const object = deps.cache.get(target.storage, target.namespace, name)?.object()
  if (object === undefined) throw notFound(subjectOf(target, name))
  return object
}

function portNameOf(deps: SubresourceDeps, call: Call, { name, port }: ProxyName): string {
  const service = found(deps, call, name)
  const ports = listOf(recordOf(service['spec'])['ports']).map(recordOf)
  const declared = ports.find(one => String(one['port']) === port)
  if (declared === undefined)
    throw unavailable(`no service port ${port} found for service "${name}"`)
  return textOf(declared['name'])
}

const pathOption = ({ rest }: Call): Readonly<Record<string, string>> => ({
  path: `/${rest.join('/')}`,
})

const unavailable = (message: string): StatusError => new StatusError('ServiceUnavailable', message)
