/** PEM blocks: labelled base64, to and from bytes. Pure. Throws PkiError('malformed') where a block is demanded. */
import { PkiError } from './der.ts'

export function toPem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

/** Every block with this label, in order. */
export function fromPem(label: string, text: string): readonly Buffer[] {
  const pattern = new RegExp(
    `-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`,
    'g',
  )
  return [...text.matchAll(pattern)].map(match => Buffer.from(match[1] ?? '', 'base64'))
}

/** The first block with one of these labels. */
export function firstPem(labels: readonly string[], text: string): Buffer {
  for (const label of labels) {
    const block = fromPem(label, text)[0]
    if (block !== undefined) return block
  }
  throw new PkiError('malformed', `no ${labels.join(' or ')} PEM block found`)
}
