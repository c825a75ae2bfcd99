/**
 * X.509 certificates: self-signed authorities, leaves signed by them, and reading who a certificate is for.
 *
 * All signing is synchronous and takes about a third of a millisecond for P-256.
 * Throws  PkiError('malformed') for unreadable input, PkiError('unsupported') for foreign key types.
 * Source: RFC 5280; profile of k8s.io/client-go util/cert (critical key usage and basic constraints).
 */
import { type KeyObject, X509Certificate } from 'node:crypto'
import {
  bitString,
  childAt,
  childrenOf,
  context,
  decode,
  encode,
  implicit,
  integer,
  octetString,
  oid,
  PkiError,
  sequence,
  TAG,
  time,
  TRUE,
} from '#api/pki/der.ts'
import { algorithmOf, keyFromPem, keyIdOf, keyToPem, signDer, spkiOf } from '#api/pki/keys.ts'
import {
  type AltNames,
  decodeSubject,
  encodeAltNames,
  encodeSubject,
  ipOctets,
  ipText,
  type Subject,
} from '#api/pki/names.ts'
import { firstPem, toPem } from '#api/pki/pem.ts'
import { SUBJECT_ALT_NAME } from '#api/pki/request.ts'
import type { Random } from '#base/random.ts'
import { generateKey } from './new-key.ts'

export type ExtendedUsage = 'client auth' | 'server auth'

const USAGE_OID: Readonly<Record<ExtendedUsage, string>> = {
  'server auth': '1.3.6.1.5.5.7.3.1',
  'client auth': '1.3.6.1.5.5.7.3.2',
}
const SUBJECT_KEY_ID = '2.5.29.14'
const KEY_USAGE = '2.5.29.15'
const BASIC_CONSTRAINTS = '2.5.29.19'
const AUTHORITY_KEY_ID = '2.5.29.35'
const EXTENDED_KEY_USAGE = '2.5.29.37'
const SERIAL_BYTES = 16

export interface Validity {
  readonly notBeforeMs: number
  readonly notAfterMs: number
}

/** Key and certificate, both PEM. The certificate may be followed by intermediates. */
export interface Identity {
  readonly key: string
  readonly cert: string
}

/** A certificate authority ready to sign. */
export interface Authority {
  /** The PEM bundle as it lies on disk: its own certificate first. */
  readonly pem: string
  readonly key: KeyObject
  readonly validity: Validity
}

export interface CertificateInfo extends Validity {
  readonly subject: Subject
  readonly dns: readonly string[]
  readonly ips: readonly string[]
}

export interface LeafOptions extends Validity {
  readonly subject: Subject
  readonly publicKey: KeyObject
  readonly usages: readonly ExtendedUsage[]
  readonly altNames?: AltNames
  readonly random: Random
}

/** A new self-signed authority. */
export function createAuthority(
  options: Validity & { readonly commonName: string; readonly random: Random },
): Identity {
  const key = generateKey()
  const name = encodeSubject({ commonName: options.commonName, organizations: [] })
  const cert = signCertificate(key, {
    issuer: name,
    subject: name,
    spki: spkiOf(key),
    validity: options,
    serial: options.random.bytes(SERIAL_BYTES),
    extensions: [
      // digitalSignature, keyEncipherment, keyCertSign
      extension(KEY_USAGE, bitString(Buffer.from([0b1010_0100]), 2), 'critical'),
      extension(BASIC_CONSTRAINTS, sequence(TRUE), 'critical'),
      extension(SUBJECT_KEY_ID, octetString(keyIdOf(key))),
    ],
  })
  return { key: keyToPem(key), cert }
}

export function openAuthority(identity: Identity): Authority {
  const key = keyFromPem(identity.key)
  const certificate = parse(identity.cert)
  if (!certificate.checkPrivateKey(key)) {
    throw new PkiError('malformed', 'the private key does not belong to the certificate')
  }
  return { pem: identity.cert, key, validity: validityOf(certificate) }
}

/** A leaf in PEM, without its chain. Its dates are cut to the authority's. */
export function issueCertificate(authority: Authority, options: LeafOptions): string {
  const issuer = childAt(tbsOf(firstPem(['CERTIFICATE'], authority.pem)), 5, TAG.sequence).bytes
  const altNames = options.altNames
  return signCertificate(authority.key, {
    issuer,
    subject: encodeSubject(options.subject),
    spki: spkiOf(options.publicKey),
    validity: {
      notBeforeMs: Math.max(options.notBeforeMs, authority.validity.notBeforeMs),
      notAfterMs: Math.min(options.notAfterMs, authority.validity.notAfterMs),
    },
    serial: options.random.bytes(SERIAL_BYTES),
    extensions: [
      // digitalSignature, keyEncipherment
      extension(KEY_USAGE, bitString(Buffer.from([0b1010_0000]), 5), 'critical'),
      extension(
        EXTENDED_KEY_USAGE,
        sequence(...options.usages.map(usage => oid(USAGE_OID[usage]))),
      ),
      extension(BASIC_CONSTRAINTS, sequence(), 'critical'),
      extension(AUTHORITY_KEY_ID, sequence(encode(implicit(0), keyIdOf(authority.key)))),
      ...(altNames === undefined ? [] : [extension(SUBJECT_ALT_NAME, encodeAltNames(altNames))]),
    ],
  })
}

/** The first certificate of a PEM bundle, or one in DER. */
export function inspectCertificate(certificate: string | Buffer): CertificateInfo {
  const parsed = parse(certificate)
  const names = (parsed.subjectAltName ?? '').split(', ')
  const after = (prefix: string): string[] =>
    names.filter(name => name.startsWith(prefix)).map(name => name.slice(prefix.length))
  return {
    subject: subjectOf(parsed.raw),
    dns: after('DNS:'),
    ips: after('IP Address:').map(ip => ipText(ipOctets(ip))),
    ...validityOf(parsed),
  }
}

/** Common name and organizations of a certificate in DER, without parsing the rest of it. */
export const subjectOf = (der: Buffer): Subject => decodeSubject(subjectField(der))

/** True when `certificate` was signed by the first certificate of `authorityPem`. */
export function isSignedBy(certificate: string, authorityPem: string): boolean {
  return parse(certificate).verify(parse(authorityPem).publicKey)
}

/** True when `certificate` was issued for the public half of `key`. */
export const isFor = (certificate: string, key: KeyObject): boolean =>
  parse(certificate).checkPrivateKey(key)

interface Unsigned {
  readonly issuer: Buffer
  readonly subject: Buffer
  readonly spki: Buffer
  readonly validity: Validity
  readonly serial: Buffer
  readonly extensions: readonly Buffer[]
}

const VERSION_3 = encode(context(0), integer(Buffer.from([2])))

function signCertificate(key: KeyObject, unsigned: Unsigned): string {
  const algorithm = algorithmOf(key)
  const tbs = sequence(
    VERSION_3,
    integer(unsigned.serial),
    algorithm,
    unsigned.issuer,
    sequence(time(unsigned.validity.notBeforeMs), time(unsigned.validity.notAfterMs)),
    unsigned.subject,
    unsigned.spki,
    encode(context(3), sequence(...unsigned.extensions)),
  )
  return toPem('CERTIFICATE', sequence(tbs, algorithm, bitString(signDer(tbs, key))))
}

const extension = (type: string, value: Buffer, critical?: 'critical'): Buffer =>
  sequence(oid(type), ...(critical === undefined ? [] : [TRUE]), octetString(value))

function parse(certificate: string | Buffer): X509Certificate {
  try {
    return new X509Certificate(certificate)
  } catch (cause) {
    throw new PkiError('malformed', 'the certificate cannot be read', { cause })
  }
}

const validityOf = (certificate: X509Certificate): Validity => ({
  notBeforeMs: certificate.validFromDate.getTime(),
  notAfterMs: certificate.validToDate.getTime(),
})

const tbsOf = (der: Buffer): ReturnType<typeof childAt> => childAt(decode(der), 0, TAG.sequence)

/** Version is optional in version 1 certificates, so the subject is the fifth or the fourth field after the serial. */
function subjectField(der: Buffer): ReturnType<typeof childAt> {
  const fields = childrenOf(tbsOf(der))
  const subject = fields[fields[0]?.tag === context(0) ? 5 : 4]
  if (subject === undefined) throw new PkiError('malformed', 'the certificate has no subject')
  return subject
}
