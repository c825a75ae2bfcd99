/**
 * CertificateSigningRequests: what may be asked, who may decide, and what is kept of a decision. Pure.
 * Source: kubernetes pkg/apis/certificates/validation/validation.go
 */
import { X509Certificate } from 'node:crypto'
import { equalJson } from '#api/json.ts'
import { PkiError } from '#api/pki/der.ts'
import { pemBlocks } from '#api/pki/pem.ts'
import { CERTIFICATE_REQUEST, readRequest } from '#api/pki/request.ts'
import type {
  CertificateSigningRequest as Request,
  CertificateSigningRequestCondition as Condition,
} from '#api/types/certificates-v1.ts'
import { differencesOf } from '#api/validation/differences.ts'
import {
  duplicate,
  type Faults,
  forbidden,
  refuseRepeats,
  required,
  requireOneOf,
  unsupported,
  wrong,
} from '#api/validation/fault.ts'
import { validateSignerName } from '#api/validation/signer-names.ts'

const SECONDS_MIN = 600
const LEGACY_SIGNER = 'kubernetes.io/legacy-unknown'
const USAGES: readonly string[] = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
]

const decoded = (bytes: string | undefined): string =>
  Buffer.from(bytes ?? '', 'base64').toString('latin1')

export function validateCertificateRequest(faults: Faults, request: Request): void {
  validateRequest(faults, request, false)
}

function validateRequest(faults: Faults, { spec, status }: Request, isOld: boolean): void {
  const { request, usages = [], signerName, expirationSeconds } = spec
  const fault = requestFault(request)
  if (fault !== undefined) faults.push(wrong('spec.request', request ?? '', fault))
  if (usages.length === 0) faults.push(required('spec.usages'))
  for (const [index, usage] of usages.entries()) {
    if (!USAGES.includes(usage)) faults.push(unsupported(`spec.usages[${index}]`, usage, USAGES))
  }
  refuseRepeats(faults, 'spec.usages', usages)
  if (signerName === LEGACY_SIGNER) {
    // It signs any subject, the administrators' too.
    const detail = 'the legacy signerName is not allowed via this API version'
    if (!isOld) faults.push(wrong('spec.signerName', signerName, detail))
  } else validateSignerName(faults, 'spec.signerName', signerName)
  if (expirationSeconds !== undefined && expirationSeconds < SECONDS_MIN) {
    const detail = 'may not specify a duration less than 600 seconds (10 minutes)'
    faults.push(wrong('spec.expirationSeconds', expirationSeconds, detail))
  }
  validateConditions(faults, status?.conditions ?? [])
  const issued = certificateFault(status?.certificate ?? '')
  if (issued !== undefined) faults.push(wrong('status.certificate', '<certificate data>', issued))
}

/** It has to be whole, and signed by the key that it asks for. Differs: Go names the tags that it met. */
function requestFault(request: string | undefined): string | undefined {
  const [first] = pemBlocks(decoded(request))
  if (first?.label !== CERTIFICATE_REQUEST) return 'PEM block type must be CERTIFICATE REQUEST'
  try {
    readRequest(first.bytes)
    return undefined
  } catch (error) {
    if (error instanceof PkiError) return error.message
    throw error
  }
}

const DECISIONS: readonly string[] = ['Approved', 'Denied']
/** Either there or not there; never false. */
const KEPT: readonly string[] = [...DECISIONS, 'Failed']
const STATUSES: readonly string[] = ['False', 'True', 'Unknown']

function validateConditions(faults: Faults, conditions: readonly Condition[]): void {
  const seen = new Set<string>()
  for (const [index, { type = '', status }] of conditions.entries()) {
    const place = `status.conditions[${index}]`
    if (type === '') faults.push(required(`${place}.type`))
    const allowed = KEPT.includes(type) ? ['True'] : STATUSES
    requireOneOf(faults, `${place}.status`, status, allowed)
    if (DECISIONS.some(other => other !== type && seen.has(other)) && DECISIONS.includes(type)) {
      const detail = 'Approved and Denied conditions are mutually exclusive'
      faults.push(wrong('status.conditions', type, detail))
    }
    if (seen.has(type)) faults.push(duplicate(`${place}.type`, type))
    seen.add(type)
  }
}

/** What is between blocks is a comment. */
function certificateFault(certificate: string): string | undefined {
  if (certificate === '') return undefined
  const blocks = pemBlocks(decoded(certificate))
  if (blocks.length === 0) return 'must contain at least one CERTIFICATE PEM block'
  for (const { label, hasHeaders, bytes } of blocks) {
    if (label !== 'CERTIFICATE') {
      return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(label)}`
    }
    if (hasHeaders) return 'no PEM block headers are permitted'
    if (!isCertificate(bytes)) return 'x509: malformed certificate'
  }
  return undefined
}

function isCertificate(bytes: Buffer): boolean {
  try {
    return new X509Certificate(bytes).raw.length > 0
  } catch {
    // What is wrong with it nobody says in Go's words.
    return false
  }
}

type Part = 'approval' | 'status' | undefined

/** Which part of the status a write through `part` may change. */
const updateThrough =
  (part: Part) =>
  (faults: Faults, request: Request, before: Request): void => {
    validateRequest(faults, request, before.spec.signerName === LEGACY_SIGNER)
    const field = 'status.conditions'
    for (const type of KEPT) {
      const [now, old] = [conditionsOf(request, type), conditionsOf(before, type)]
      if (now.length < old.length) {
        faults.push(forbidden(field, `updates may not remove a condition of type "${type}"`))
      } else if (part !== 'approval' && DECISIONS.includes(type) && !equalJson(now, old)) {
        const what = now.length > old.length ? 'add' : 'modify'
        const changes = what === 'add' ? '' : `\n${differencesOf(field, old, now)}`
        faults.push(
          forbidden(field, `updates may not ${what} a condition of type "${type}"${changes}`),
        )
      }
    }
    const certificate = before.status?.certificate ?? ''
    if ((request.status?.certificate ?? '') === certificate) return
    if (part !== 'status') {
      faults.push(forbidden('status.certificate', 'updates may not set certificate content'))
    } else if (certificate !== '') {
      const detail = 'updates may not modify existing certificate content'
      faults.push(forbidden('status.certificate', detail))
    }
  }

const conditionsOf = ({ status }: Request, type: string): readonly Condition[] =>
  (status?.conditions ?? []).filter(condition => condition.type === type)

export const validateCertificateUpdate = updateThrough(undefined)
export const validateCertificateStatus = updateThrough('status')
export const validateCertificateApproval = updateThrough('approval')
