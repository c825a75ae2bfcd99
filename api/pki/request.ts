/**
 * Certificate signing requests (PKCS #10): made for the own key, and read from others with their signature checked.
 *
 * Throws  PkiError('malformed'), PkiError('bad-signature'), PkiError('unsupported').
 * Source: RFC 2986; the extension request attribute of RFC 2985.
 */
import { createPublicKey, type KeyObject } from 'node:crypto'
import {
  childAt,
  childrenOf,
  context,
  decode,
  decodeOid,
  type DerValue,
  encode,
  bitString,
  integer,
  octetString,
  oid,
  PkiError,
  sequence,
  setOf,
  TAG,
} from './der.ts'
import { algorithmOf, signDer, spkiOf, verifyDer } from './keys.ts'
import {
  type AltNames,
  decodeAltNames,
  decodeSubject,
  encodeAltNames,
  encodeSubject,
  NO_ALT_NAMES,
  type Subject,
} from './names.ts'
import { firstPem, toPem } from './pem.ts'

/** Those with hundreds of names have a tenth of it. */
const REQUEST_MAX_BYTES = 64 * 1024
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14'
export const CERTIFICATE_REQUEST = 'CERTIFICATE REQUEST'
export const SUBJECT_ALT_NAME = '2.5.29.17'

export interface SigningRequest {
  readonly subject: Subject
  readonly altNames: AltNames
  readonly publicKey: KeyObject
}

/** A request in PEM for `key`, which stays where it is. */
export function createRequest(options: {
  readonly key: KeyObject
  readonly subject: Subject
  readonly altNames?: AltNames
}): string {
  const info = sequence(
    integer(Buffer.from([0])),
    encodeSubject(options.subject),
    spkiOf(options.key),
    attributesOf(options.altNames),
  )
  const signature = bitString(signDer(info, options.key))
  return toPem(CERTIFICATE_REQUEST, sequence(info, algorithmOf(options.key), signature))
}

function attributesOf(altNames: AltNames | undefined): Buffer {
  if (altNames === undefined) return encode(context(0))
  const extension = sequence(oid(SUBJECT_ALT_NAME), octetString(encodeAltNames(altNames)))
  return encode(context(0), sequence(oid(EXTENSION_REQUEST), setOf(sequence(extension))))
}

/** Reads PEM or DER and proves that the sender holds the key. */
export function readRequest(input: Buffer): SigningRequest {
  if (input.length > REQUEST_MAX_BYTES) {
    throw new PkiError('unsupported', `requests have at most ${REQUEST_MAX_BYTES} bytes`)
  }
  const isPem = input.subarray(0, 64).includes('-----BEGIN')
  const labels = [CERTIFICATE_REQUEST, 'NEW CERTIFICATE REQUEST']
  const outer = decode(isPem ? firstPem(labels, input.toString('latin1')) : input)
  const info = childAt(outer, 0, TAG.sequence)
  const publicKey = publicKeyOf(childAt(info, 2, TAG.sequence))
  const algorithm = childAt(outer, 1, TAG.sequence)
  const signature = childAt(outer, 2, TAG.bitString).content.subarray(1)
  const request = {
    subject: decodeSubject(childAt(info, 1, TAG.sequence)),
    altNames: altNamesOf(info),
    publicKey,
  }
  if (verifyDer({ bytes: info.bytes, signature, algorithm }, publicKey)) return request
  const { asymmetricKeyType: type = '' } = publicKey
  throw new PkiError('bad-signature', UNVERIFIED[type] ?? 'x509: verification failure')
}

/** As Go says it, by the type of key. */
const UNVERIFIED: Readonly<Record<string, string>> = {
  ec: 'x509: ECDSA verification failure',
  rsa: 'crypto/rsa: verification error',
  ed25519: 'x509: Ed25519 verification failure',
}

function publicKeyOf(spki: DerValue): KeyObject {
  try {
    return createPublicKey({ key: spki.bytes, type: 'spki', format: 'der' })
  } catch (cause) {
    throw new PkiError('unsupported', 'the public key of the request cannot be read', { cause })
  }
}

function altNamesOf(info: DerValue): AltNames {
  const attributes = childrenOf(info).find(child => child.tag === context(0))
  for (const attribute of attributes === undefined ? [] : childrenOf(attributes)) {
    if (decodeOid(childAt(attribute, 0, TAG.oid)) !== EXTENSION_REQUEST) continue
    for (const extension of childrenOf(childAt(childAt(attribute, 1, TAG.set), 0, TAG.sequence))) {
      if (decodeOid(childAt(extension, 0, TAG.oid)) !== SUBJECT_ALT_NAME) continue
      const value = childrenOf(extension).find(child => child.tag === TAG.octetString)
      if (value !== undefined) return decodeAltNames(value.content)
    }
  }
  return NO_ALT_NAMES
}
