/**
 * PEM blocks: labelled base64, to and from bytes. Pure, and linear in the text.
 *
 * Throws  PkiError('malformed') where a block is demanded.
 * Source: Go encoding/pem: what is no block is a comment
 */
import { PkiError } from './der.ts'

export interface PemBlock {
  readonly label: string
  readonly hasHeaders: boolean
  readonly bytes: Buffer
  /** From its first dash to its last one. */
  readonly text: string
}

export function toPem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

const DASHES = '-----'
const BEGIN = '-----BEGIN '

/** Every block, in order. */
export function pemBlocks(text: string): readonly PemBlock[] {
  const blocks: PemBlock[] = []
  for (let start = text.indexOf(BEGIN); start >= 0; ) {
    const labelEnd = text.indexOf(DASHES, start + BEGIN.length)
    const contentEnd = labelEnd < 0 ? -1 : text.indexOf(DASHES, labelEnd + DASHES.length)
    if (contentEnd < 0) break
    const label = text.slice(start + BEGIN.length, labelEnd)
    const end = `-----END ${label}-----`
    const isWhole = !label.includes('\n') && text.startsWith(end, contentEnd)
    const block = isWhole ? contentOf(text.slice(labelEnd + DASHES.length, contentEnd)) : undefined
    const next = isWhole ? contentEnd + end.length : contentEnd
    if (block !== undefined) blocks.push({ label, ...block, text: text.slice(start, next) })
    start = text.indexOf(BEGIN, next)
  }
  return blocks
}

/** Undefined for what is no base64. */
function contentOf(content: string): Pick<PemBlock, 'hasHeaders' | 'bytes'> | undefined {
  const lastHeader = content.lastIndexOf(':')
  const lineEnd = lastHeader < 0 ? 0 : content.indexOf('\n', lastHeader)
  const digits = lineEnd < 0 ? '' : content.slice(lineEnd).replaceAll(/\s+/g, '')
  const bytes = Buffer.from(digits, 'base64')
  return bytes.toString('base64') === digits ? { hasHeaders: lastHeader >= 0, bytes } : undefined
}

/** The bytes of every block with this label, in order. */
export const fromPem = (label: string, text: string): readonly Buffer[] =>
  pemBlocks(text)
    .filter(block => block.label === label)
    .map(({ bytes }) => bytes)

/** The first block with one of these labels. */
export function firstPem(labels: readonly string[], text: string): Buffer {
  const block = pemBlocks(text).find(({ label }) => labels.includes(label))
  if (block !== undefined) return block.bytes
  throw new PkiError('malformed', `no ${labels.join(' or ')} PEM block found`)
}
