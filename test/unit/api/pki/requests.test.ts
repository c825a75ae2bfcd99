/** PEM as Go reads it, and the signatures that a certificate request may have. */
import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import t from 'tap'
import { bitString, childAt, context, decode, encode, oid, sequence } from '#api/pki/der.ts'
import { pemBlocks, toPem } from '#api/pki/pem.ts'
import { createRequest, readRequest } from '#api/pki/request.ts'

const found = (text: string): readonly string[] =>
  pemBlocks(text).map(
    ({ label, hasHeaders, bytes }) => `${label} ${String(bytes)}${hasHeaders ? ' headers' : ''}`,
  )

void t.test('blocks and what is none', async t => {
  const [a, b] = [toPem('A', Buffer.from('one')), toPem('B C', Buffer.from('two'))]
  t.same(found(a + b), ['A one', 'B C two'])
  t.same(found(`of\n${a}and\n${b}`), ['A one', 'B C two'], 'the rest is a comment')
  t.same(found(a.replaceAll('\n', '\r\n')), ['A one'])
  t.same(found('-----BEGIN A-----\nOf: me\nBy: you\n\nb25l\n-----END A-----\n'), ['A one headers'])
  t.same(found(`-----BEGIN A-----\nb25l\n-----END D-----\n${b}`), ['B C two'], 'another end')
  t.same(found(`-----BEGIN A-----\nb25l\n${b}`), ['B C two'], 'no end')
  for (const content of ['b25', 'b25l=', 'b2*l', 'b25l\n!']) {
    t.same(found(`-----BEGIN A-----\n${content}\n-----END A-----\n${b}`), ['B C two'], content)
  }
  t.same(pemBlocks(`x\n${a}`)[0]?.text, a.trim())
  for (const text of ['', '-----BEGIN ', '-----BEGIN A-----', a.slice(0, -6)])
    t.same(found(text), [])
  t.same(
    found('-----BEGIN A-----\n'.repeat(150_000)),
    [],
    'takes no time that grows with its square',
  )
})

const subject = { commonName: 'me', organizations: ['us'] }

/** The request with another signature. */
function signedAnew(request: Buffer, algorithm: Buffer, signed: (info: Buffer) => Buffer): Buffer {
  const info = childAt(decode(request), 0).bytes
  return sequence(info, algorithm, bitString(signed(info)))
}

const derOf = (key: KeyObject): Buffer =>
  pemBlocks(createRequest({ key, subject }))[0]?.bytes ?? Buffer.alloc(0)

void t.test('signatures', async t => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const ec = generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey
  const ed = generateKeyPairSync('ed25519').privateKey
  const SHA256 = '2.16.840.1.101.3.4.2.1'
  const pss = (hash: string): Buffer =>
    sequence(oid('1.2.840.113549.1.1.10'), sequence(encode(context(0), sequence(oid(hash)))))
  const padded = (info: Buffer): Buffer =>
    sign('sha256', info, { key: rsa, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 })
  const good: Readonly<Record<string, Buffer>> = {
    RSA: derOf(rsa),
    ECDSA: derOf(ec),
    Ed25519: derOf(ed),
    'RSA-PSS': signedAnew(derOf(rsa), pss(SHA256), padded),
    'ECDSA with SHA-512': signedAnew(derOf(ec), sequence(oid('1.2.840.10045.4.3.4')), info =>
      sign('sha512', info, ec),
    ),
  }
  for (const [name, request] of Object.entries(good)) {
    t.same(readRequest(request).subject, subject, name)
  }
  const bad: Readonly<Record<string, readonly [Buffer, string]>> = {
    RSA: [
      signedAnew(derOf(rsa), pss(SHA256), info => sign('sha256', info, rsa)),
      'crypto/rsa: verification error',
    ],
    ECDSA: [
      signedAnew(derOf(ec), sequence(oid('1.2.840.10045.4.3.2')), info => sign('sha512', info, ec)),
      'x509: ECDSA verification failure',
    ],
    Ed25519: [
      signedAnew(derOf(ed), sequence(oid('1.3.101.112')), info =>
        sign(null, Buffer.concat([info, info]), ed),
      ),
      'x509: Ed25519 verification failure',
    ],
    'of another type of key': [
      signedAnew(derOf(ed), sequence(oid('1.2.840.10045.4.3.2')), info => sign('sha256', info, ec)),
      'x509: Ed25519 verification failure',
    ],
    'with MD5': [
      signedAnew(derOf(rsa), sequence(oid('1.2.840.113549.1.1.4')), info => sign('md5', info, rsa)),
      'signature algorithm 1.2.840.113549.1.1.4 is not supported',
    ],
    'RSA-PSS with SHA-1': [
      signedAnew(derOf(rsa), pss('1.3.14.3.2.26'), padded),
      'RSA-PSS with the hash 1.3.14.3.2.26 is not supported',
    ],
    'too big': [Buffer.alloc(70_000, 0x30), 'requests have at most 65536 bytes'],
  }
  for (const [name, [request, message]] of Object.entries(bad)) {
    t.throws(() => readRequest(request), { name: 'PkiError', message }, name)
  }
})
