/**
 * Whether a certificate and a key belong together, in the words of Go's TLS. Pure.
 * Source: go crypto/tls X509KeyPair
 */
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { type PemBlock, pemBlocks } from '#api/pki/pem.ts'

const isKey = ({ label }: PemBlock): boolean =>
  label === 'PRIVATE KEY' || label.endsWith(' PRIVATE KEY')

/** undefined when they fit. */
export function keyPairFault(certificate: string, key: string): string | undefined {
  const certificates = pemBlocks(certificate)
  const leaf = certificates.find(({ label }) => label === 'CERTIFICATE')
  if (leaf === undefined) return `tls: failed to find ${missingCertificate(certificates)}`
  const keys = pemBlocks(key)
  const found = keys.find(isKey)
  if (found === undefined) return `tls: ${missingKey(keys)}`
  const parsed = parse(() => new X509Certificate(leaf.text))
  if (parsed === undefined) return 'x509: malformed certificate'
  const mine = parse(() => createPrivateKey(found.text))
  if (mine === undefined) return 'tls: failed to parse private key'
  const { publicKey } = parsed
  if (publicKey.asymmetricKeyType !== mine.asymmetricKeyType) {
    return 'tls: private key type does not match public key type'
  }
  return createPublicKey(mine).equals(publicKey)
    ? undefined
    : 'tls: private key does not match public key'
}

const typesOf = (blocks: readonly PemBlock[]): string =>
  `after skipping PEM blocks of the following types: [${blocks.map(({ label }) => label).join(' ')}]`

function missingCertificate(blocks: readonly PemBlock[]): string {
  const [first, ...others] = blocks
  if (first === undefined) return 'any PEM data in certificate input'
  return others.length === 0 && isKey(first)
    ? 'certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched'
    : `"CERTIFICATE" PEM block in certificate input ${typesOf(blocks)}`
}

function missingKey(blocks: readonly PemBlock[]): string {
  const [first, ...others] = blocks
  if (first === undefined) return 'failed to find any PEM data in key input'
  return others.length === 0 && first.label === 'CERTIFICATE'
    ? 'found a certificate rather than a key in the PEM for the private key'
    : `failed to find PEM block with type ending in "PRIVATE KEY" in key input ${typesOf(blocks)}`
}

function parse<Parsed>(read: () => Parsed): Parsed | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
