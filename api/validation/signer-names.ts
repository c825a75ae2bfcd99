/**
 * Names of those who sign certificates: `example.com/signer`. Pure.
 * Source: kubernetes pkg/apis/core/validation/names.go ValidateSignerName
 */
import { byteLength, labelFaults, subdomainFaults } from '#api/names.ts'
import { type Faults, required, tooLong, wrong } from '#api/validation/fault.ts'

const LABEL_MAX = 63
const SUBDOMAIN_MAX = 253
/** A domain, `/`, a namespace, `.` and a name. */
const NAME_MAX = SUBDOMAIN_MAX + 1 + (LABEL_MAX + 1 + SUBDOMAIN_MAX)

export function validateSignerName(faults: Faults, field: string, name: string | undefined): void {
  if (name === undefined || name === '') {
    faults.push(required(field))
    return
  }
  const [domain = '', path, ...rest] = name.split('/')
  if (path === undefined || rest.length > 0) {
    const detail = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
    faults.push(wrong(field, name, detail))
    return
  }
  if (byteLength(domain) > SUBDOMAIN_MAX) faults.push(tooLong(field, SUBDOMAIN_MAX))
  refuseBadLabel(faults, field, domain, labelFaults)
  if (!domain.includes('.')) {
    const detail = 'should be a domain with at least two segments separated by dots'
    faults.push(wrong(field, domain, detail))
  }
  refuseBadLabel(faults, field, path, subdomainFaults)
  if (byteLength(name) > NAME_MAX) faults.push(tooLong(field, NAME_MAX))
}

/** The first bad one of the parts between dots. */
function refuseBadLabel(
  faults: Faults,
  field: string,
  value: string,
  format: (label: string) => readonly string[],
): void {
  const bad = value.split('.').find(label => format(label).length > 0)
  if (bad === undefined) return
  for (const detail of format(bad)) {
    faults.push(wrong(field, value, `validating label ${JSON.stringify(bad)}: ${detail}`))
  }
}
