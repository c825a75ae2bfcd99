/**
 * Keys in PEM and signatures over DER, with `node:crypto`: EC and Ed25519, and RSA, which operators bring along. Pure.
 *
 * Throws  PkiError('unsupported') for other kinds of key; PkiError('malformed') for unreadable PEM.
 */
import {
  constants,
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import {
  childAt,
  childrenOf,
  context,
  decode,
  decodeOid,
  type DerValue,
  oid,
  PkiError,
  sequence,
  TAG,
} from './der.ts'

const ECDSA_SHA256 = '1.2.840.10045.4.3.2'
const RSA_SHA256 = '1.2.840.113549.1.1.11'
const ED25519 = '1.3.101.112'
const DER_NULL = Buffer.from([5, 0])

/** Hash of a signature algorithm found in a request; null where the key's own scheme hashes. */
const HASH_OF: Readonly<Record<string, string | null>> = {
  '1.2.840.10045.4.1': 'sha1',
  [ECDSA_SHA256]: 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.2.840.113549.1.1.5': 'sha1',
  [RSA_SHA256]: 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  [ED25519]: null,
}

const RSA_PSS = '1.2.840.113549.1.1.10'
/** It names its hash beside itself. */
const PSS_HASHES: Readonly<Record<string, string>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

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
  /** The AlgorithmIdentifier beside the signature. */
  readonly algorithm: DerValue
}

export function verifyDer({ bytes, signature, algorithm }: SignedBytes, key: KeyObject): boolean {
  const name = decodeOid(childAt(algorithm, 0, TAG.oid))
  if (name === RSA_PSS) {
    const padding = constants.RSA_PKCS1_PSS_PADDING
    const hash = pssHash(algorithm)
    return isVerified(() => verify(hash, bytes, { key, padding }, signature))
  }
  const hash = HASH_OF[name]
  if (hash === undefined) {
    throw new PkiError('unsupported', `signature algorithm ${name} is not supported`)
  }
  return isVerified(() => verify(hash, bytes, key, signature))
}

/** OpenSSL throws when the key is not of the algorithm's type. */
function isVerified(judge: () => boolean): boolean {
  try {
    return judge()
  } catch {
    return false
  }
}

function pssHash(algorithm: DerValue): string {
  const [hash] = childrenOf(childAt(algorithm, 1, TAG.sequence))
  const isNamed = hash?.tag === context(0)
  const name = isNamed ? decodeOid(childAt(childAt(hash, 0, TAG.sequence), 0, TAG.oid)) : ''
  const known = PSS_HASHES[name]
  if (known !== undefined) return known
  throw new PkiError('unsupported', `RSA-PSS with the hash ${name} is not supported`)
}
