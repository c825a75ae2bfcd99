/** A certificate and a request for one, as their kinds carry them: real ones, in base64. */
import { createRequest } from '#api/pki/request.ts'
import { systemRandom } from '#base/random.ts'
import { createAuthority } from '#client/pki/certificate.ts'
import { generateKey } from '#client/pki/new-key.ts'

const subject = { commonName: 'jane', organizations: ['team'] }
const encoded = (pem: string): string => Buffer.from(pem).toString('base64')

export const REQUEST = encoded(createRequest({ key: generateKey(), subject }))

export const CERTIFICATE = encoded(
  createAuthority({
    commonName: 'jane',
    notBeforeMs: Date.UTC(2026, 0),
    notAfterMs: Date.UTC(2036, 0),
    random: systemRandom,
  }).cert,
)
