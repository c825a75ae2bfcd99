/**
 * Node ports of a Service, its health check's among them: taken before the write, by `take` and `next` of the caller.
 *
 * Throws  StatusError: Invalid when a wanted port is taken or out of range, InternalError for health ports and when none
 *         is left, in upstream's words.
 * Source: kubernetes pkg/registry/core/service/storage/alloc.go initNodePorts, updateNodePorts
 */
import type { AnyObject } from '#api/object.ts'
import { internalError } from '#api/status.ts'
import { numberOf } from '#api/values.ts'
import type { NumberRange } from './allocator.ts'
import {
  type Port,
  type Spec,
  portsOf,
  refused,
  specOf,
  typeOf,
  wrongValue,
} from './service-families.ts'

/** The ports as one write sees them: what it takes is given back when it fails. */
export interface PortTaking {
  readonly range: NumberRange
  /** False when somebody holds it. */
  take(port: number): boolean
  /** Undefined when all are held. */
  next(): number | undefined
}

const WITH_NODE_PORT = new Set(['NodePort', 'LoadBalancer'])
export const hasNodePortType = (spec: Spec): boolean => WITH_NODE_PORT.has(typeOf(spec))

export const hasHealthPort = (spec: Spec): boolean =>
  typeOf(spec) === 'LoadBalancer' && spec['externalTrafficPolicy'] === 'Local'

const healthPortOf = (spec: Spec): number => numberOf(spec['healthCheckNodePort'])

/** All numbers a Service holds, each once. */
export function heldPorts(service: AnyObject | undefined): readonly number[] {
  const spec = specOf(service)
  const all = [...portsOf(spec).map(({ nodePort }) => numberOf(nodePort)), healthPortOf(spec)]
  return [...new Set(all.filter(port => port > 0))]
}

export interface PortsOf {
  readonly service: AnyObject
  readonly old: AnyObject | undefined
  /** The Service's spec as it has become so far. */
  readonly spec: Spec
}

export function withNodePorts(taking: PortTaking, { service, old, spec }: PortsOf): Spec {
  if (!hasNodePortType(spec)) {
    const { healthCheckNodePort: _health, ...rest } = spec
    if (spec['ports'] === undefined) return rest
    return { ...rest, ports: portsOf(spec).map(({ nodePort: _port, ...port }) => port) }
  }
  const want = (port: number, index: number): number => {
    const fault = faultOf(taking, port)
    if (fault === undefined) return port
    throw refused(service, [wrongValue(`spec.ports[${index}].nodePort`, port, fault)])
  }
  const ports =
    old === undefined ? newPorts(taking, spec, want) : changedPorts(taking, spec, { old, want })
  const filled = { ...spec, ports }
  const isNew = old === undefined || !hasHealthPort(specOf(old))
  if (!hasHealthPort(spec) || !isNew) return filled
  return { ...filled, healthCheckNodePort: healthPort(taking, healthPortOf(spec)) }
}

type Wanting = (port: number, index: number) => number

/** LoadBalancers may do without; ports they name are theirs all the same. */
const isOptedOut = (spec: Spec): boolean =>
  typeOf(spec) === 'LoadBalancer' && spec['allocateLoadBalancerNodePorts'] === false

/** Entries of the same port (TCP and UDP) share a number. */
function newPorts(taking: PortTaking, spec: Spec, want: Wanting): readonly Port[] {
  const given = new Map<unknown, number>()
  const all = portsOf(spec)
  return all.map((entry, index) => {
    const { port } = entry
    const own = numberOf(entry['nodePort'])
    if (own === 0 && isOptedOut(spec)) return entry
    const shared = given.get(port)
    if (shared !== undefined) {
      return { ...entry, nodePort: own === 0 || own === shared ? shared : want(own, index) }
    }
    const named = all.find(other => other['port'] === port && numberOf(other['nodePort']) > 0)
    const nodePort =
      named === undefined ? freePort(taking) : want(numberOf(named['nodePort']), index)
    given.set(port, nodePort)
    return { ...entry, nodePort }
  })
}

/** What the Service had before is not taken again. */
function changedPorts(
  taking: PortTaking,
  spec: Spec,
  { old, want }: { readonly old: AnyObject; readonly want: Wanting },
): readonly Port[] {
  const mine = new Set(heldPorts(old))
  return portsOf(spec).map((entry, index) => {
    const own = numberOf(entry['nodePort'])
    if (own === 0) return isOptedOut(spec) ? entry : { ...entry, nodePort: freePort(taking) }
    if (!mine.has(own)) want(own, index)
    mine.add(own)
    return entry
  })
}

function faultOf(taking: PortTaking, port: number): string | undefined {
  const { first, last } = taking.range
  if (port < first || port > last)
    return `provided port is not in the valid range. The range of valid ports is ${first}-${last}`
  return taking.take(port) ? undefined : 'provided port is already allocated'
}

const FULL = 'range is full'

function freePort(taking: PortTaking): number {
  const port = taking.next()
  if (port === undefined) throw internalError(`failed to allocate a nodePort: ${FULL}`)
  return port
}

function healthPort(taking: PortTaking, wanted: number): number {
  const fault = wanted === 0 ? undefined : faultOf(taking, wanted)
  if (fault !== undefined)
    throw internalError(`failed to allocate requested HealthCheck NodePort ${wanted}: ${fault}`)
  const port = wanted === 0 ? taking.next() : wanted
  if (port === undefined)
    throw internalError(`failed to allocate a HealthCheck NodePort 0: ${FULL}`)
  return port
}
