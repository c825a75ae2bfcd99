/**
 * The smallest static Linux executable around a piece of machine code: a file header, one loadable segment
 * (read and execute), the code. No sections, no symbols, no interpreter. Pure.
 * Source: System V ABI, chapters 4 and 5 (ELF-64 object format)
 */
import type { Architecture } from './program.ts'

const MACHINE: Readonly<Record<Architecture, number>> = { x64: 62, arm64: 183 }
const FILE_HEADER_BYTES = 64
const PROGRAM_HEADER_BYTES = 56
const LOAD_ADDRESS = 0x400000n
/** arm64 kernels use pages of up to 64 kB. */
const ALIGNMENT = 0x10000n

export function elfExecutable(architecture: Architecture, code: Buffer): Buffer {
  const headers = Buffer.alloc(FILE_HEADER_BYTES + PROGRAM_HEADER_BYTES)
  const sizeBytes = BigInt(headers.length + code.length)
  // e_ident: magic, 64 bit, little endian, version 1; the rest zero (System V)
  headers.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1], 0)
  headers.writeUInt16LE(2, 16) // e_type: executable
  headers.writeUInt16LE(MACHINE[architecture], 18)
  headers.writeUInt32LE(1, 20) // e_version
  headers.writeBigUInt64LE(LOAD_ADDRESS + BigInt(headers.length), 24) // e_entry: right behind the headers
  headers.writeBigUInt64LE(BigInt(FILE_HEADER_BYTES), 32) // e_phoff
  headers.writeUInt16LE(FILE_HEADER_BYTES, 52)
  headers.writeUInt16LE(PROGRAM_HEADER_BYTES, 54)
  headers.writeUInt16LE(1, 56) // e_phnum

  const segment = headers.subarray(FILE_HEADER_BYTES)
  segment.writeUInt32LE(1, 0) // PT_LOAD
  segment.writeUInt32LE(5, 4) // read, execute
  segment.writeBigUInt64LE(0n, 8) // the file from its first byte
  segment.writeBigUInt64LE(LOAD_ADDRESS, 16)
  segment.writeBigUInt64LE(LOAD_ADDRESS, 24)
  segment.writeBigUInt64LE(sizeBytes, 32)
  segment.writeBigUInt64LE(sizeBytes, 40)
  segment.writeBigUInt64LE(ALIGNMENT, 48)
  return Buffer.concat([headers, code])
}
