/**
 * Where webhooks are called by URL: `https://host[/path]` and nothing more. Pure.
 * Source: k8s.io/apiserver pkg/util/webhook/validation.go ValidateWebhookURL; what Go's net/url refuses to parse
 */
import { hasControl } from '#api/names.ts'
import { type Faults, required, wrong } from '#api/validation/fault.ts'

const FORM = '; desired format: https://host[/path]'
const PARTS =
  /^(?:([a-zA-Z][-+.a-zA-Z0-9]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#([^]*))?$/

export function validateWebhookURL(faults: Faults, field: string, text: string): void {
  const [, scheme = '', authority = '', path = '', query = '', fragment = ''] =
    PARTS.exec(text) ?? []
  const at = authority.lastIndexOf('@')
  const host = authority.slice(at + 1)
  const unreadable = parseFault(text, { scheme, host, rest: `${path}${fragment}` })
  if (unreadable !== undefined) {
    const detail = `url must be a valid URL: parse ${JSON.stringify(text)}: ${unreadable}${FORM}`
    faults.push(required(field, detail))
    return
  }
  if (scheme.toLowerCase() !== 'https') {
    const detail = `'https' is the only allowed URL scheme${FORM}`
    faults.push(wrong(field, scheme.toLowerCase(), detail))
  }
  if (host === '') faults.push(wrong(field, host, `host must be specified${FORM}`))
  if (at >= 0) {
    const detail = 'user information is not permitted in the URL'
    faults.push(wrong(field, authority.slice(0, at), detail))
  }
  if (fragment !== '') {
    faults.push(wrong(field, fragment, 'fragments are not permitted in the URL'))
  }
  if (query !== '') {
    faults.push(wrong(field, query, 'query parameters are not permitted in the URL'))
  }
}

interface Parts {
  readonly scheme: string
  readonly host: string
  /** Path and fragment. */
  readonly rest: string
}

/** Why Go's parser has no answer, in its words. */
function parseFault(text: string, { scheme, host, rest }: Parts): string | undefined {
  if (hasControl(text)) return 'net/url: invalid control character in URL'
  if (text.startsWith(':')) return 'missing protocol scheme'
  const [first = ''] = text.split('/')
  if (scheme === '' && first.includes(':')) return 'first path segment in URL cannot contain colon'
  if (host.startsWith('[') && !host.includes(']')) return "missing ']' in host"
  const port = /^(?:\[.*\]|[^:]*)(:.*)$/.exec(host)?.[1] ?? ''
  if (port !== '' && !/^:\d*$/.test(port)) {
    return `invalid port ${JSON.stringify(port)} after host`
  }
  const stranger = /[ "<>\\^`{|}]/.exec(host)?.[0]
  if (stranger !== undefined) return `invalid character ${JSON.stringify(stranger)} in host name`
  const escape = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(rest)?.[0]
  return escape === undefined ? undefined : `invalid URL escape ${JSON.stringify(escape)}`
}
