/**
 * Probes and lifecycle hooks of containers. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go validateProbe, validateHandler
 */
import { headerNameFaults, portNameFaults, portNumberFaults } from '#api/names.ts'
import type { Container, HTTPGetAction, LifecycleHandler, Probe } from '#api/types/core-v1.ts'
import {
  type Faults,
  forbidden,
  refuseNegative,
  required,
  requireKnown,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'

export function validatePort(faults: Faults, field: string, port: number | string): void {
  const found = typeof port === 'number' ? portNumberFaults(port) : portNameFaults(port)
  for (const detail of found) faults.push(wrong(field, port, detail))
}

/** What handlers are judged by. */
export interface HandlerContext {
  /** Seconds that the pod has to end. */
  readonly grace: number | undefined
}

const PROBE_NUMBERS = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const

export function validateProbes(
  faults: Faults,
  place: string,
  container: Container,
  context: HandlerContext,
): void {
  const { livenessProbe, readinessProbe, startupProbe } = container
  validateProbe(faults, `${place}.livenessProbe`, livenessProbe, context)
  requireOneSuccess(faults, `${place}.livenessProbe`, livenessProbe)
  validateProbe(faults, `${place}.readinessProbe`, readinessProbe, context)
  const grace = readinessProbe?.terminationGracePeriodSeconds
  if (grace !== undefined) {
    const field = `${place}.readinessProbe.terminationGracePeriodSeconds`
    faults.push(wrong(field, grace, 'must not be set for readinessProbes'))
  }
  validateProbe(faults, `${place}.startupProbe`, startupProbe, context)
  requireOneSuccess(faults, `${place}.startupProbe`, startupProbe)
}

function requireOneSuccess(faults: Faults, field: string, probe: Probe | undefined): void {
  const threshold = probe?.successThreshold
  if (threshold !== undefined && threshold !== 1) {
    faults.push(wrong(`${field}.successThreshold`, threshold, 'must be 1'))
  }
}

function validateProbe(
  faults: Faults,
  field: string,
  probe: Probe | undefined,
  context: HandlerContext,
): void {
  if (probe === undefined) return
  validateHandler(faults, field, probe, context)
  for (const name of PROBE_NUMBERS) refuseNegative(faults, `${field}.${name}`, probe[name])
  const grace = probe.terminationGracePeriodSeconds
  if (grace !== undefined && grace <= 0) {
    faults.push(wrong(`${field}.terminationGracePeriodSeconds`, grace, 'must be greater than 0'))
  }
}

export function validateLifecycle(
  faults: Faults,
  place: string,
  { lifecycle = {} }: Container,
  context: HandlerContext,
): void {
  for (const name of ['postStart', 'preStop'] as const) {
    const handler = lifecycle[name]
    if (handler === undefined) continue
    validateHandler(faults, `${place}.lifecycle.${name}`, handler, context)
  }
}

type Handler = LifecycleHandler & Pick<Probe, 'grpc'>
type HandlerRule = (
  faults: Faults,
  field: string,
  handler: Handler,
  context: HandlerContext,
) => void

/** In upstream's order: the first that is given counts. */
const HANDLERS: Readonly<Record<keyof Handler, HandlerRule>> = {
  exec(faults, field, { exec }) {
    if ((exec?.command ?? []).length === 0) faults.push(required(`${field}.command`))
  },
  httpGet(faults, field, { httpGet }) {
    if (httpGet !== undefined) validateHttpGet(faults, field, httpGet)
  },
  tcpSocket(faults, field, { tcpSocket }) {
    if (tcpSocket !== undefined) validatePort(faults, `${field}.port`, tcpSocket.port)
  },
  grpc(faults, field, { grpc }) {
    if (grpc !== undefined) validatePort(faults, `${field}.port`, grpc.port)
  },
  sleep(faults, field, { sleep: { seconds } = { seconds: 0 } }, { grace }) {
    if (grace === undefined || (seconds >= 0 && seconds <= grace)) return
    const detail = `must be non-negative and less than terminationGracePeriodSeconds (${grace})`
    faults.push(wrong(field, seconds, detail))
  },
}

const HANDLER_NAMES = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const

function validateHandler(
  faults: Faults,
  field: string,
  handler: Handler,
  context: HandlerContext,
): void {
  const [first, ...others] = HANDLER_NAMES.filter(name => handler[name] !== undefined)
  if (first === undefined) faults.push(required(field, 'must specify a handler type'))
  else HANDLERS[first](faults, `${field}.${first}`, handler, context)
  for (const other of others) {
    faults.push(forbidden(`${field}.${other}`, 'may not specify more than 1 handler type'))
  }
}

function validateHttpGet(faults: Faults, field: string, action: HTTPGetAction): void {
  if ((action.path ?? '') === '') faults.push(required(`${field}.path`))
  validatePort(faults, `${field}.port`, action.port)
  requireKnown(faults, `${field}.scheme`, action.scheme, ['HTTP', 'HTTPS'])
  for (const header of action.httpHeaders ?? []) {
    wrongFormat(faults, `${field}.httpHeaders`, header.name, headerNameFaults(header.name))
  }
}
