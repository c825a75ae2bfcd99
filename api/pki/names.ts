/**
 * Who a certificate is for: the subject (common name, organizations) and the alternative names, to and from DER. Pure.
 *
 * Throws  PkiError('malformed') for bytes that are not a name.
 * Source: RFC 5280 4.1.2.4 Name, 4.2.1.6 SubjectAltName
 */
import { isIP } from 'node:net'
import {
  childAt,
  childrenOf,
  decode,
  decodeOid,
  type DerValue,
  encode,
  implicit,
  malformed,
  oid,
  sequence,
  setOf,
  utf8,
} from './der.ts'

export interface Subject {
  readonly commonName: string
  /** Become groups of the user. */
  readonly organizations: readonly string[]
}

export interface AltNames {
  readonly dns: readonly string[]
  readonly ips: readonly string[]
  readonly emails: readonly string[]
  readonly uris: readonly string[]
}

export const NO_ALT_NAMES: AltNames = { dns: [], ips: [], emails: [], uris: [] }

const COMMON_NAME = '2.5.4.3'
const ORGANIZATION = '2.5.4.10'
const EMAIL = 1
const DNS = 2
const URI = 6
const IP = 7

/** Organizations first, then the common name: the order Go's and k3s' certificates have. */
export function encodeSubject(subject: Subject): Buffer {
  const attribute = (type: string, text: string): Buffer => sequence(oid(type), utf8(text))
  return sequence(
    ...subject.organizations.map(name => setOf(attribute(ORGANIZATION, name))),
    ...(subject.commonName === '' ? [] : [setOf(attribute(COMMON_NAME, subject.commonName))]),
  )
}

export function decodeSubject(name: DerValue): Subject {
  const organizations: string[] = []
  let commonName = ''
  for (const attribute of childrenOf(name).flatMap(childrenOf)) {
    const type = decodeOid(childAt(attribute, 0))
    const text = childAt(attribute, 1).content.toString('utf8')
    if (type === COMMON_NAME) commonName = text
    if (type === ORGANIZATION) organizations.push(text)
  }
  return { commonName, organizations }
}

export function encodeAltNames(names: AltNames): Buffer {
  const text = (kind: number, value: string): Buffer =>
    encode(implicit(kind), Buffer.from(value, 'ascii'))
  return sequence(
    ...names.dns.map(name => text(DNS, name)),
    ...names.ips.map(ip => encode(implicit(IP), ipOctets(ip))),
    ...names.emails.map(name => text(EMAIL, name)),
    ...names.uris.map(name => text(URI, name)),
  )
}

export function decodeAltNames(extension: Buffer): AltNames {
  const values = childrenOf(decode(extension))
  const textsOf = (kind: number): string[] =>
    values
      .filter(value => value.tag === implicit(kind))
      .map(value => value.content.toString('utf8'))
  return {
    dns: textsOf(DNS),
    emails: textsOf(EMAIL),
    uris: textsOf(URI),
    ips: values.filter(value => value.tag === implicit(IP)).map(value => ipText(value.content)),
  }
}

/** 4 or 16 octets of a textual address. */
export function ipOctets(ip: string): Buffer {
  const family = isIP(ip)
  if (family === 4) return Buffer.from(ip.split('.').map(Number))
  if (family !== 6) throw malformed(`"${ip}" is not an IP address`)
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(ip)
  const plain = dotted === null ? ip : hexTail(dotted)
  const [head = '', tail] = plain.split('::')
  const left = groupsOf(head)
  const right = tail === undefined ? [] : groupsOf(tail)
  const gap = Array.from({ length: 8 - left.length - right.length }, () => 0)
  return Buffer.from([...left, ...gap, ...right].flatMap(group => [group >> 8, group & 0xff]))
}

/** The shortest common text of 4 or 16 octets (`URL` compresses IPv6 as RFC 5952 wants). */
export function ipText(octets: Buffer): string {
  if (octets.length === 4) return octets.join('.')
  if (octets.length !== 16) throw malformed('structure error: IP address')
  const groups = Array.from({ length: 8 }, (_, index) =>
    octets.readUInt16BE(index * 2).toString(16),
  )
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1)
}

const groupsOf = (text: string): number[] =>
  text === '' ? [] : text.split(':').map(group => Number.parseInt(group, 16))

function hexTail([, prefix = '', ...parts]: readonly string[]): string {
  const [a = 0, b = 0, c = 0, d = 0] = parts.map(Number)
  return `${prefix}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
}
