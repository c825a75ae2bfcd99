/**
 * Names such as `acme.io/foo`: a domain and a path below it. Pure.
 * Source: k8s.io/apimachinery pkg/util/validation/validation.go IsDomainPrefixedPath
 */
import { patternFault, subdomainFaults } from '#api/names.ts'
import { type Faults, required, wrong, wrongFormat } from '#api/validation/fault.ts'

const PATH = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+"
const pathPattern = new RegExp(`^${PATH}$`)

export function validateDomainPath(faults: Faults, field: string, value: string): void {
  if (value === '') {
    faults.push(required(field))
    return
  }
  const at = value.indexOf('/')
  const domain = value.slice(0, at)
  const path = value.slice(at + 1)
  if (at <= 0 || path === '') {
    faults.push(wrong(field, value, 'must be a domain-prefixed path (such as "acme.io/foo")'))
    return
  }
  wrongFormat(faults, field, domain, subdomainFaults(domain))
  if (!pathPattern.test(path)) faults.push(wrong(field, path, patternFault('Invalid path', PATH)))
}
