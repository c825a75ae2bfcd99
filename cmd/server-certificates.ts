/** The certificates controller's view of the cluster's signer. */
import type { CertificateAuthority } from '#server/controllers/deps.ts'
import { readRequest } from '#api/pki/request.ts'
import type { Signer } from '#server/supervisor/signer.ts'

export const certificateAuthority = (signer: Pick<Signer, 'signCsr'>): CertificateAuthority => ({
  inspect(pem) {
    const { subject, altNames } = readRequest(Buffer.from(pem))
    return {
      commonName: subject.commonName,
      organizations: subject.organizations,
      dnsNames: altNames.dns,
      ipAddresses: altNames.ips,
      emailAddresses: altNames.emails,
      uris: altNames.uris,
    }
  },
  async sign({ spec }) {
    const { expirationSeconds } = spec
    return signer.signCsr({
      pem: Buffer.from(spec.request, 'base64'),
      signerName: spec.signerName,
      usages: spec.usages ?? [],
      ...(expirationSeconds === undefined ? {} : { expirationSeconds }),
    })
  },
})
