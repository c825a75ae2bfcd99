/**
 * Key pairs (EC P-256) and signatures over DER, with `node:crypto`. CAs brought along by an operator may be RSA.
 *
 * Throws  PkiError('unsupported') for other kinds of key; PkiError('malformed') for unreadable PEM.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import { childAt, decode, oid, PkiError, sequence } from './der.ts'

const ECDSA_SHA256 = '1.2.840.10045.4.3.2'
const RSA_SHA256 = '1.2.840.113549.1.1.11'
const ED25519 = '1.3.101.112'
const DER_NULL = Buffer.from([5, 0])

/** Hash of a signature algorithm found in a request; null where the key's own scheme hashes. */
const HASH_OF: Readonly<Record<string, string | null>> = {
  [ECDSA_SHA256]: 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  [RSA_SHA256]: 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  [ED25519]: null,
}

export const generateKey = (): KeyObject =>
  generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey

/** SEC1 for EC, the form kubectl and k3s write; PKCS #8 otherwise. */
export function keyToPem(key: KeyObject): string {
  const type = key.asymmetricKeyType === 'ec' ? 'sec1' : 'pkcs8'
  return key.export({ type, format: 'pem' }).toString()
}

export function keyFromPem(pem: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (cause) {
    throw new PkiError('malformed', 'the private key cannot be read', { cause })
  }
}

/** The SubjectPublicKeyInfo of a private or public key. */
export const spkiOf = (key: KeyObject): Buffer =>
  (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' })

/** SHA-1 of the public key's bits: the usual SubjectKeyIdentifier. */
export function keyIdOf(key: KeyObject): Buffer {
  const bits = childAt(decode(spkiOf(key)), 1).content.subarray(1)
  return createHash('sha1').update(bits).digest()
}

/** The AlgorithmIdentifier that `signDer` signs with. */
export function algorithmOf(key: KeyObject): Buffer {
  if (key.asymmetricKeyType === 'ec') return sequence(oid(ECDSA_SHA256))
  if (key.asymmetricKeyType === 'rsa') return sequence(oid(RSA_SHA256), DER_NULL)
  if (key.asymmetricKeyType === 'ed25519') return sequence(oid(ED25519))
  throw new PkiError('unsupported', `keys of type ${key.asymmetricKeyType} are not supported`)
}

export const signDer = (bytes: Buffer, key: KeyObject): Buffer =>
  sign(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', bytes, key)

export interface SignedBytes {
  readonly bytes: Buffer
  readonly signature: Buffer
  /** Dotted OID of the signature algorithm. */
  readonly algorithm: string
}

export function verifyDer(signed: SignedBytes, key: KeyObject): boolean {
  const hash = HASH_OF[signed.algorithm]
  if (hash === undefined) {
    throw new PkiError('unsupported', `signature algorithm ${signed.algorithm} is not supported`)
  }
  return verify(hash, signed.bytes, key, signed.signature)
}
