/** Requests, certificates, names, tokens and kubeconfigs: there and back. */
import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { systemRandom } from '#base/random.ts'
import {
  createAuthority,
  inspectCertificate,
  isSignedBy,
  issueCertificate,
  openAuthority,
  subjectOf,
} from '#client/pki/certificate.ts'
import { decode, integer, oid, decodeOid, PkiError, time } from '#api/pki/der.ts'
import { formatJoinToken, hashAuthority, parseJoinToken } from '#client/pki/join-token.ts'
import { parseKubeconfig, renderKubeconfig } from '#client/pki/kubeconfig.ts'
import { generateKey } from '#client/pki/new-key.ts'
import { keyFromPem, keyToPem } from '#api/pki/keys.ts'
import { ipOctets, ipText } from '#api/pki/names.ts'
import { firstPem } from '#api/pki/pem.ts'
import { createRequest, readRequest } from '#api/pki/request.ts'
import { altNamesOf, planLeaf } from '#server/supervisor/leaf.ts'
import { createSigner } from '#server/supervisor/signer.ts'
import { systemClock } from '#base/clock.ts'

const NOW = Date.UTC(2026, 5, 1)
const DAY_MS = 86_400_000
const validity = { notBeforeMs: NOW - DAY_MS, notAfterMs: NOW + 3650 * DAY_MS }
const authority = openAuthority(
  createAuthority({ ...validity, commonName: 'ca', random: systemRandom }),
)
const altNames = { dns: ['a.example'], ips: ['10.0.0.1', 'fd00::1'], emails: [], uris: [] }

void t.test('DER', async t => {
  for (const dotted of ['1.2.840.10045.4.3.2', '2.5.4.3', '2.999.3'])
    t.equal(decodeOid(decode(oid(dotted))), dotted)
  t.equal(integer(Buffer.from([0, 0, 0x80])).toString('hex'), '02020080')
  t.equal(integer(Buffer.from([0, 0])).toString('hex'), '020100')
  t.equal(
    time(Date.UTC(2049, 11, 31))
      .toString('latin1')
      .slice(2),
    '491231000000Z',
  )
  t.equal(
    time(Date.UTC(2050, 0, 1))
      .toString('latin1')
      .slice(2),
    '20500101000000Z',
  )
  for (const hex of ['', '30', '3005', '3082', '308000', '30847fffffff', '020101ff']) {
    t.throws(() => decode(Buffer.from(hex, 'hex')), PkiError, hex)
  }
  for (const ip of ['10.0.0.1', '::1', 'fd00::1:2', '2001:db8::']) t.equal(ipText(ipOctets(ip)), ip)
  t.equal(ipText(ipOctets('::ffff:10.0.0.1')), '::ffff:a00:1')
})

void t.test('requests and certificates', async t => {
  const key = generateKey()
  const subject = { commonName: 'system:node:a', organizations: ['system:nodes', 'x'] }
  const pem = createRequest({ key, subject, altNames })
  const read = readRequest(Buffer.from(pem))
  t.same([read.subject, read.altNames], [subject, altNames])
  const der = firstPem(['CERTIFICATE REQUEST'], pem)
  t.same(readRequest(der).subject, subject, 'DER as well')
  const tampered = Buffer.from(der)
  tampered.write('system:node:b', tampered.indexOf('system:node:a'))
  t.throws(() => readRequest(tampered), { code: 'bad-signature' })
  for (let cut = 0; cut < der.length; cut += 7)
    t.throws(() => readRequest(der.subarray(0, cut)), PkiError)
  const leaf = issueCertificate(authority, {
    ...validity,
    notAfterMs: NOW + 9999 * DAY_MS,
    subject,
    publicKey: read.publicKey,
    usages: ['client auth'],
    altNames: read.altNames,
    random: systemRandom,
  })
  const info = inspectCertificate(leaf)
  t.same(info.subject, subject)
  t.same([info.dns, info.ips], [altNames.dns, altNames.ips])
  t.equal(info.notAfterMs, authority.validity.notAfterMs, 'ends with its authority')
  t.ok(isSignedBy(leaf, authority.pem))
  const parsed = new X509Certificate(leaf)
  t.ok(parsed.checkPrivateKey(keyFromPem(keyToPem(key))))
  t.notOk(parsed.ca)
  t.ok(new X509Certificate(authority.pem).ca)
  t.same(subjectOf(parsed.raw), subject)
})

void t.test('when a leaf is issued anew', async t => {
  const names = ['a.example', '10.0.0.1']
  const good = {
    subject: { commonName: 'x', organizations: [] },
    dns: ['a.example'],
    ips: ['10.0.0.1'],
    notBeforeMs: 0,
    notAfterMs: NOW + 365 * DAY_MS,
    isOurs: true,
  }
  const why = (change: Partial<typeof good>, wanted = names) =>
    planLeaf(
      { ...good, ...change },
      { names: wanted, subject: { commonName: 'x', organizations: [] } },
      NOW,
    )
  t.equal(why({}), undefined)
  t.equal(why({ notAfterMs: NOW + 119 * DAY_MS }), 'expires soon')
  t.equal(why({ isOurs: false }), 'foreign authority')
  t.equal(why({}, [...names, 'new.example']), 'names changed')
  t.equal(why({}, ['a.example']), undefined, 'a name too many does no harm')
  t.equal(
    planLeaf(undefined, { names, subject: { commonName: 'x', organizations: [] } }, NOW),
    'missing',
  )
  t.same(altNamesOf(['b', '::1', '0:0::1', 'b', '']), {
    dns: ['b'],
    ips: ['::1'],
    emails: [],
    uris: [],
  })
})

void t.test('signers', async t => {
  const signer = createSigner(
    { clientCA: authority, serverCA: authority },
    { clock: systemClock, random: systemRandom },
  )
  const csr = (
    commonName: string,
    organizations: readonly string[],
    names?: typeof altNames,
  ): string =>
    createRequest({
      key: generateKey(),
      subject: { commonName, organizations },
      ...(names === undefined ? {} : { altNames: names }),
    })
  const node = csr('system:node:a', ['system:nodes'])
  const outcome = (pem: string, name: string, usages: readonly string[]): string => {
    try {
      return inspectCertificate(
        signer.signCsr({ pem, signerName: `kubernetes.io/${name}`, usages }),
      ).subject.commonName
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }
  const client = ['client auth', 'digital signature']
  const serving = ['server auth', 'digital signature', 'key encipherment']
  t.equal(outcome(node, 'kube-apiserver-client-kubelet', client), 'system:node:a')
  t.equal(
    outcome(csr('alice', []), 'kube-apiserver-client-kubelet', client),
    'subject organization is not system:nodes',
  )
  t.equal(
    outcome(csr('alice', ['system:nodes']), 'kube-apiserver-client-kubelet', client),
    'subject common name does not begin with system:node:',
  )
  t.equal(
    outcome(
      csr('system:node:a', ['system:nodes'], altNames),
      'kube-apiserver-client-kubelet',
      client,
    ),
    'DNS subjectAltNames are not allowed',
  )
  t.equal(
    outcome(node, 'kubelet-serving', serving),
    'at least one DNS or IP subjectAltName is required',
  )
  t.equal(
    outcome(csr('system:node:a', ['system:nodes'], altNames), 'kubelet-serving', serving),
    'system:node:a',
  )
  t.match(outcome(csr('alice', []), 'kube-apiserver-client', serving), /^usages did not match/)
  t.equal(outcome(csr('alice', ['dev']), 'kube-apiserver-client', client), 'alice')
  const short = signer.signCsr({
    pem: node,
    signerName: 'kubernetes.io/kube-apiserver-client',
    usages: client,
    expirationSeconds: 3600,
  })
  t.ok(Math.abs(inspectCertificate(short).notAfterMs - Date.now() - 3600_000) < 5000)
})

void t.test('join tokens', async t => {
  const hash = 'ab'.repeat(32)
  const cases: readonly (readonly [string, unknown])[] = [
    [
      `K10${hash}::server:pw:with:colons`,
      { caHash: hash, credentials: { kind: 'basic', user: 'server', password: 'pw:with:colons' } },
    ],
    [
      `K10${hash}::node:pw\n`,
      { caHash: hash, credentials: { kind: 'basic', user: 'node', password: 'pw' } },
    ],
    [
      `K10${hash}::abcdef.0123456789abcdef`,
      { caHash: hash, credentials: { kind: 'bootstrap', token: 'abcdef.0123456789abcdef' } },
    ],
    [
      'abcdef.0123456789abcdef',
      { caHash: undefined, credentials: { kind: 'bootstrap', token: 'abcdef.0123456789abcdef' } },
    ],
    [
      'K10::server:pw',
      { caHash: undefined, credentials: { kind: 'basic', user: 'server', password: 'pw' } },
    ],
    ['pw', { caHash: undefined, credentials: { kind: 'basic', user: 'node', password: 'pw' } }],
  ]
  for (const [text, expected] of cases) t.same(parseJoinToken(text), expected, text)
  for (const text of ['', ' ', 'K10abc', 'K10abc::server:pw', `K10${hash}::server:`])
    t.throws(() => parseJoinToken(text), text)
  t.equal(formatJoinToken(hash, 'server:pw'), `K10${hash}::server:pw`)
  t.match(hashAuthority(authority.pem), /^[0-9a-f]{64}$/)
  const other = createAuthority({ ...validity, commonName: 'leaf', random: systemRandom }).cert
  t.equal(
    hashAuthority(other + authority.pem),
    hashAuthority(`${other}\n# text\n${authority.pem}`),
    'several: the root alone counts',
  )
})

void t.test('kubeconfig', async t => {
  const { load } = await import('js-yaml')
  const entry = { server: 'https://127.0.0.1:6443', ca: 'CA\n', cert: 'C\n', key: 'K\n' }
  const options = { folder: '/', contextName: undefined }
  t.same(parseKubeconfig(load(renderKubeconfig(entry)), options), entry)
  const token = { server: 'https://h', token: 't', namespace: 'n' }
  t.same(parseKubeconfig(load(renderKubeconfig(token, 'other')), options), token)
  t.throws(() => parseKubeconfig({}, options), { message: 'kubeconfig has no current-context' })
  t.throws(() => parseKubeconfig({ 'current-context': 'x' }, options), {
    message: 'kubeconfig has no context "x"',
  })
})
