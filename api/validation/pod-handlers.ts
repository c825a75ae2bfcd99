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
  requireOneOf,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'

export function validatePort(faults: Faults, field: string, port: number | string): void {
  const found = typeof port === 'number' ? portNumberFaults(port) : portNameFaults(port)
  for (const detail of found) faults.push(wrong(field, port, detail))
}

const PROBE_NUMBERS = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const

export function validateProbes(faults: Faults, place: string, container: Container): void {
  const { livenessProbe, readinessProbe, startupProbe } = container
  validateProbe(faults, `${place}.livenessProbe`, livenessProbe)
  validateProbe(faults, `${place}.readinessProbe`, readinessProbe)
  validateProbe(faults, `${place}.startupProbe`, startupProbe)
  requireOneSuccess(faults, `${place}.livenessProbe`, livenessProbe)
  requireOneSuccess(faults, `${place}.startupProbe`, startupProbe)
  const grace = readinessProbe?.terminationGracePeriodSeconds
  if (grace !== undefined) {
    const field = `${place}.readinessProbe.terminationGracePeriodSeconds`
    faults.push(wrong(field, grace, 'must not be set for readinessProbes'))
  }
}

function requireOneSuccess(faults: Faults, field: string, probe: Probe | undefined): void {
  const threshold = probe?.successThreshold
  if (threshold !== undefined && threshold !== 1) {
    faults.push(wrong(`${field}.successThreshold`, threshold, 'must be 1'))
  }
}

function validateProbe(faults: Faults, field: string, probe: Probe | undefined): void {
  if (probe === undefined) return
  validateHandler(faults, field, probe)
  for (const name of PROBE_NUMBERS) refuseNegative(faults, `${field}.${name}`, probe[name])
  const grace = probe.terminationGracePeriodSeconds
  if (grace !== undefined && grace <= 0) {
    faults.push(wrong(`${field}.terminationGracePeriodSeconds`, grace, 'must be greater than 0'))
  }
}

export function validateLifecycle(faults: Faults, place: string, container: Container): void {
  const { postStart, preStop } = container.lifecycle ?? {}
  if (postStart !== undefined) validateHandler(faults, `${place}.lifecycle.postStart`, postStart)
  if (preStop !== undefined) validateHandler(faults, `${place}.lifecycle.preStop`, preStop)
}

const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const

type Handler = LifecycleHandler & Pick<Probe, 'grpc'>

function validateHandler(faults: Faults, field: string, handler: Handler): void {
  const [first, ...others] = HANDLERS.filter(name => handler[name] !== undefined)
  if (first === undefined) faults.push(required(field, 'must specify a handler type'))
  for (const other of others) {
    faults.push(forbidden(`${field}.${other}`, 'may not specify more than 1 handler type'))
  }
  const { exec, httpGet, tcpSocket, grpc } = handler
  if (exec !== undefined && (exec.command ?? []).length === 0) {
    faults.push(required(`${field}.exec.command`))
  }
  if (httpGet !== undefined) validateHttpGet(faults, `${field}.httpGet`, httpGet)
  if (tcpSocket !== undefined) validatePort(faults, `${field}.tcpSocket.port`, tcpSocket.port)
  if (grpc !== undefined) validatePort(faults, `${field}.grpc.port`, grpc.port)
}

function validateHttpGet(faults: Faults, field: string, action: HTTPGetAction): void {
  if ((action.path ?? '') === '') faults.push(required(`${field}.path`))
  validatePort(faults, `${field}.port`, action.port)
  requireOneOf(faults, `${field}.scheme`, action.scheme, ['HTTP', 'HTTPS'])
  for (const header of action.httpHeaders ?? []) {
    wrongFormat(faults, `${field}.httpHeaders`, header.name, headerNameFaults(header.name))
  }
}
