/** DNS without sockets: names, answers as bytes (read by an independent codec), caching, hostile input, resolv.conf. */
import packet from 'dns-packet'
import t from 'tap'
import { AnswerCache } from '#agent/dns/answer-cache.ts'
import type { NamesView } from '#agent/dns/cluster-names.ts'
import {
  chooseResolvConf,
  parseResolvConf,
  podResolvConf,
  renderResolvConf,
  upstreamsOf,
} from '#agent/dns/resolv-conf.ts'
import { Responder } from '#agent/dns/responder.ts'
import { TcpFrames } from '#agent/dns/tcp-frames.ts'
import { HEADER_BYTES, parseQuery, questionBytes, readName, TYPE } from '#agent/dns/wire.ts'
import { keyOf } from '#api/object.ts'
import { seededRandom } from '#base/random.ts'
import { parseNetwork } from '#netfilter/networks.ts'
import { aService, anEndpoint, aSlice } from '#test/support/network-objects.ts'

const SERVICES = [
  aService('shop/web', {
    clusterIP: '10.43.0.20',
    ports: [
      { name: 'http', port: 80, protocol: 'TCP' },
      { name: 'stats', port: 90, protocol: 'UDP' },
    ],
  }),
  aService('shop/db', { clusterIP: 'None', ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }] }),
  aService('shop/far', { type: 'ExternalName', externalName: 'example.org' }),
  aService('shop/lost', { type: 'ExternalName', externalName: 'nowhere.test' }),
  aService('shop/gone', { type: 'ExternalName', externalName: 'nxdomain.test' }),
  aService('shop/near', { type: 'ExternalName', externalName: 'web.shop.svc.cluster.local' }),
  aService('shop/ring', { type: 'ExternalName', externalName: 'ring.shop.svc.cluster.local' }),
  aService('shop/big', { clusterIP: 'None', ports: [] }),
]
const SLICES = [
  aSlice(
    'shop/db',
    [
      anEndpoint('10.42.0.5', { hostname: 'db-0' }),
      anEndpoint('10.42.0.6'),
      anEndpoint('10.42.0.7', { conditions: { ready: false } }),
    ],
    { ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }] },
  ),
  aSlice(
    'shop/big',
    Array.from({ length: 200 }, (_, index) => anEndpoint(`10.42.2.${index}`)),
  ),
]
const serviceOf = (slice: (typeof SLICES)[number]): string =>
  `shop/${slice.metadata.labels?.['kubernetes.io/service-name'] ?? ''}`

const view: NamesView = {
  domain: 'cluster.local',
  networks: ['10.42.0.0/16', '10.43.0.0/16'].map(parseNetwork).filter(each => each !== undefined),
  service: key => SERVICES.find(service => keyOf(service) === key),
  slices: key => SLICES.filter(slice => serviceOf(slice) === key),
  servicesByAddress: address => SERVICES.filter(({ spec }) => spec?.clusterIP === address),
  slicesByAddress: address =>
    SLICES.filter(({ endpoints }) => endpoints?.some(each => each.addresses.includes(address))),
  hasServices: namespace => namespace === 'shop',
}

/** The world outside: example.org has an alias and an address; all else has no server. */
const asked: string[] = []
const forwarder = {
  ask({ key }: { readonly key: string }, id: number): Promise<Buffer | undefined> {
    asked.push(key)
    const [name = '', type = ''] = key.split(' ')
    if (name === 'nxdomain.test') {
      const missing = { type: 'A', name }
      return Promise.resolve(
        packet.encode({ type: 'response', id, flags: 3, questions: [missing] }),
      )
    }
    if (name !== 'example.org') return Promise.resolve(undefined)
    const questions = [{ type: type === '1' ? 'A' : 'AAAA', name }]
    const answers =
      type === '1'
        ? [
            { type: 'CNAME', name, ttl: 60, data: 'www.example.org' },
            { type: 'A', name: 'www.example.org', ttl: 60, data: '93.184.216.34' },
          ]
        : []
    return Promise.resolve(packet.encode({ type: 'response', id, questions, answers }))
  },
}
const responderWith = (isSynced: boolean): Responder =>
  new Responder({ view, hasSynced: () => isSynced, forwarder, random: seededRandom(1) })
const responder = responderWith(true)

const query = (name: string, type: string, additionals: readonly object[] = []): Buffer =>
  packet.encode({
    type: 'query',
    id: 4711,
    flags: packet.RECURSION_DESIRED,
    questions: [{ type, name }],
    additionals,
  })

async function ask(name: string, type: string, by: Responder = responder): Promise<string> {
  const answer = await by.respond(query(name, type), 'udp')
  if (answer === undefined) return 'silence'
  const { id, rcode, answers = [], authorities = [] } = packet.decode(answer)
  t.equal(id, 4711)
  const data = answers.map(each =>
    typeof each.data === 'object' &&
    each.data !== null &&
    'target' in each.data &&
    'port' in each.data
      ? `${String(each.data.target)}:${String(each.data.port)}`
      : `${each.type === type ? '' : `${each.type} `}${String(each.data)}`,
  )
  const proof = authorities.map(each => each.type.toLowerCase())
  return [rcode, ...data.sort(), ...proof].join(' ')
}

const NAMES: readonly (readonly [string, string, string])[] = [
  ['web.shop.svc.cluster.local', 'A', 'NOERROR 10.43.0.20'],
  ['WEB.Shop.svc.CLUSTER.local', 'A', 'NOERROR 10.43.0.20'],
  ['web.shop.svc.cluster.local', 'AAAA', 'NOERROR soa'],
  [
    'web.shop.svc.cluster.local',
    'SRV',
    'NOERROR web.shop.svc.cluster.local:80 web.shop.svc.cluster.local:90',
  ],
  ['_http._tcp.web.shop.svc.cluster.local', 'SRV', 'NOERROR web.shop.svc.cluster.local:80'],
  ['_http._tcp.web.shop.svc.cluster.local', 'A', 'NOERROR soa'],
  ['_http._udp.web.shop.svc.cluster.local', 'SRV', 'NXDOMAIN soa'],
  ['_tcp.web.shop.svc.cluster.local', 'A', 'NOERROR soa'],
  ['_nope._tcp.web.shop.svc.cluster.local', 'SRV', 'NXDOMAIN soa'],
  ['db.shop.svc.cluster.local', 'A', 'NOERROR 10.42.0.5 10.42.0.6'],
  ['db-0.db.shop.svc.cluster.local', 'A', 'NOERROR 10.42.0.5'],
  ['10-42-0-6.db.shop.svc.cluster.local', 'A', 'NOERROR 10.42.0.6'],
  ['10-42-0-7.db.shop.svc.cluster.local', 'A', 'NXDOMAIN soa'],
  [
    '_sql._tcp.db.shop.svc.cluster.local',
    'SRV',
    'NOERROR 10-42-0-6.db.shop.svc.cluster.local:5432 db-0.db.shop.svc.cluster.local:5432',
  ],
  ['x.web.shop.svc.cluster.local', 'A', 'NXDOMAIN soa'],
  ['nope.shop.svc.cluster.local', 'A', 'NXDOMAIN soa'],
  ['shop.svc.cluster.local', 'A', 'NOERROR soa'],
  ['nope.svc.cluster.local', 'A', 'NXDOMAIN soa'],
  ['svc.cluster.local', 'A', 'NOERROR soa'],
  ['cluster.local', 'A', 'NOERROR soa'],
  ['cluster.local', 'NS', 'NOERROR ns.dns.cluster.local'],
  ['dns-version.cluster.local', 'TXT', 'NOERROR 1.1.0'],
  ['10-42-0-5.shop.pod.cluster.local', 'A', 'NOERROR 10.42.0.5'],
  ['10-42-0.shop.pod.cluster.local', 'A', 'NXDOMAIN soa'],
  ['example.org.shop.svc.cluster.local', 'A', 'NXDOMAIN soa'],
  ['20.0.43.10.in-addr.arpa', 'PTR', 'NOERROR web.shop.svc.cluster.local'],
  ['5.0.42.10.in-addr.arpa', 'PTR', 'NOERROR db-0.db.shop.svc.cluster.local'],
  ['6.0.42.10.in-addr.arpa', 'PTR', 'NOERROR 10-42-0-6.db.shop.svc.cluster.local'],
  ['99.0.42.10.in-addr.arpa', 'PTR', 'NXDOMAIN soa'],
  ['4.3.2.1.in-addr.arpa', 'PTR', 'SERVFAIL'],
  ['far.shop.svc.cluster.local', 'CNAME', 'NOERROR example.org'],
  [
    'far.shop.svc.cluster.local',
    'A',
    'NOERROR 93.184.216.34 CNAME example.org CNAME www.example.org',
  ],
  ['far.shop.svc.cluster.local', 'AAAA', 'NOERROR CNAME example.org'],
  ['lost.shop.svc.cluster.local', 'A', 'SERVFAIL'],
  ['gone.shop.svc.cluster.local', 'A', 'NXDOMAIN CNAME nxdomain.test'],
  ['near.shop.svc.cluster.local', 'A', 'NOERROR 10.43.0.20 CNAME web.shop.svc.cluster.local'],
  ['example.org', 'A', 'NOERROR 93.184.216.34 CNAME www.example.org'],
  ['elsewhere.test', 'A', 'SERVFAIL'],
]
void t.test('names', async t => {
  for (const [name, type, want] of NAMES) t.equal(await ask(name, type), want, `${name} ${type}`)
  t.match(await ask('ring.shop.svc.cluster.local', 'A'), /^NOERROR CNAME/, 'a ring of aliases ends')
})

void t.test('nothing is denied before the objects are known', async t => {
  t.equal(await ask('web.shop.svc.cluster.local', 'A', responderWith(false)), 'SERVFAIL')
  t.equal(
    await ask('example.org', 'A', responderWith(false)),
    'NOERROR 93.184.216.34 CNAME www.example.org',
  )
})

void t.test(
  'an answer too large for UDP is marked so, and whole by TCP and with EDNS room',
  async t => {
    const message = query('big.shop.svc.cluster.local', 'A')
    const udp = packet.decode((await responder.respond(message, 'udp')) ?? Buffer.alloc(0))
    t.equal((udp.flags & packet.TRUNCATED_RESPONSE) !== 0, true)
    const kept = udp.answers?.length ?? 0
    t.ok(kept > 20 && kept < 32, `as many as fit into 512 bytes: ${kept}`)
    const tcp = packet.decode((await responder.respond(message, 'tcp')) ?? Buffer.alloc(0))
    t.equal(tcp.answers?.length, 200)
    const edns = query('db.shop.svc.cluster.local', 'A', [
      { type: 'OPT', name: '.', udpPayloadSize: 4096 },
    ])
    const answer = packet.decode((await responder.respond(edns, 'udp')) ?? Buffer.alloc(0))
    t.equal(answer.answers?.length, 2)
    t.match(answer.additionals, [{ type: 'OPT' }])
  },
)

void t.test('what cannot be read is refused or ignored', async t => {
  const good = query('web.shop.svc.cluster.local', 'A')
  const changed = (at: number, value: number): Buffer => {
    const copy = Buffer.from(good)
    copy[at] = value
    return copy
  }
  const rows: readonly (readonly [string, Buffer, string])[] = [
    ['empty', Buffer.alloc(0), 'silence'],
    ['eleven bytes', good.subarray(0, 11), 'silence'],
    ['an answer', changed(2, 0x81), 'silence'],
    ['a header alone', good.subarray(0, 12), '1'],
    ['half a name', good.subarray(0, 20), '1'],
    ['two questions', changed(5, 2), '1'],
    ['an update', changed(2, 0x28), '4'],
    ['another class', changed(good.length - 1, 3), '4'],
    ['a label beyond the end', changed(12, 63), '1'],
    ['a pointer in the question', changed(12, 0xc0), '1'],
    ['records that are not there', changed(7, 9), '1'],
  ]
  for (const [name, message, want] of rows) {
    const answer = await responder.respond(message, 'udp')
    t.equal(answer === undefined ? 'silence' : String(answer.readUInt16BE(2) & 15), want, name)
  }
})

void t.test(
  'no input makes it throw: random bytes, and good queries with bytes changed',
  async t => {
    const random = seededRandom(7)
    const good = query('_http._tcp.web.shop.svc.cluster.local', 'SRV', [{ type: 'OPT', name: '.' }])
    for (let round = 0; round < 20_000; round += 1) {
      const message =
        round % 2 === 0 ? random.bytes(Math.floor(random.float() * 80)) : Buffer.from(good)
      for (let flips = round % 5; flips > 0; flips -= 1) {
        if (message.length > 0)
          message[Math.floor(random.float() * message.length)] = random.float() * 256
      }
      const answer = await responder.respond(message, round % 3 === 0 ? 'tcp' : 'udp')
      if (answer !== undefined && answer.length < HEADER_BYTES) t.fail(`round ${round}`)
    }
    t.pass()
  },
)

void t.test('compressed names only lead backwards', async t => {
  const loop = Buffer.from([0, 0, 0xc0, 2, 0xc0, 4])
  t.equal(readName(loop, 2), undefined)
  t.equal(readName(loop, 4), undefined)
  t.equal(readName(Buffer.from([3, 97, 98, 99, 0, 1, 100, 0xc0, 0]), 5), 'd.abc')
  t.equal(readName(Buffer.from([63, 1]), 0), undefined)
})

void t.test('the cache keeps what may be kept, as long as it may', async t => {
  const cache = new AnswerCache()
  const question = { name: 'example.org', type: TYPE.A }
  const questionEnd = HEADER_BYTES + questionBytes(question).length
  const answer = (ttl: number): Buffer =>
    packet.encode({
      type: 'response',
      id: 1,
      questions: [{ type: 'A', name: 'example.org' }],
      answers: [{ type: 'A', name: 'example.org', ttl, data: '1.2.3.4' }],
    })
  cache.put('k', { message: answer(10), questionEnd }, 1000)
  const got = packet.decode(cache.get('k', 99, 5500) ?? Buffer.alloc(12))
  t.match(got, { id: 99, answers: [{ ttl: 6, data: '1.2.3.4' }] })
  t.equal(cache.get('k', 99, 11_000), undefined, 'ten seconds later')
  cache.put('zero', { message: answer(0), questionEnd }, 0)
  t.equal(cache.get('zero', 1, 0), undefined)
  cache.put('long', { message: answer(86_400), questionEnd }, 0)
  t.equal(cache.get('long', 1, 31_000), undefined, 'half a minute at most')
  cache.put('bad', { message: answer(10).subarray(0, 35), questionEnd }, 0)
  t.equal(cache.get('bad', 1, 0), undefined, 'damaged')
  for (let index = 0; index < 5000; index += 1) {
    cache.put(`k${index}`, { message: answer(10), questionEnd }, 0)
  }
  t.equal(cache.size, 4096)
})

void t.test('messages on a stream are cut apart wherever the chunks end', async t => {
  const frames = new TcpFrames()
  const stream = Buffer.concat([
    TcpFrames.encode(Buffer.from('one')),
    TcpFrames.encode(Buffer.from('two')),
  ])
  const seen = [...stream].flatMap(byte => frames.push(Buffer.from([byte]))).map(String)
  t.same(seen, ['one', 'two'])
})

void t.test('a question is read as it was asked', async t => {
  const parsed = parseQuery(query('Web.Shop', 'AAAA'))
  t.match(parsed, {
    kind: 'query',
    id: 4711,
    question: { name: 'web.shop', type: 28 },
    wantsRecursion: true,
  })
})

void t.test('resolv.conf', async t => {
  const stub = parseResolvConf('nameserver 127.0.0.53 # stub\noptions edns0 trust-ad\nsearch .\n')
  const real = parseResolvConf(
    'nameserver 192.168.1.1\nnameserver 10.43.0.10\nsearch lan home\n; no\n',
  )
  t.same(chooseResolvConf([stub, real]), real, 'a loopback stub gives way to the real file')
  t.same(chooseResolvConf([stub, undefined]), stub)
  t.same(chooseResolvConf([undefined]), { nameservers: [], searches: [], options: [] })
  t.same(upstreamsOf(real, new Set(['10.43.0.10'])), ['192.168.1.1'], 'never oneself')
  const six = parseResolvConf('nameserver fe80::1%eth0\nnameserver nonsense\n')
  t.same(upstreamsOf(six, new Set()), ['fe80::1%eth0'], 'IPv6 servers too')
  const pod = (rest: object): string =>
    podResolvConf({
      namespace: 'shop',
      dnsPolicy: 'ClusterFirst',
      dnsConfig: undefined,
      hostNetwork: false,
      clusterDNS: '10.43.0.10',
      clusterDomain: 'cluster.local',
      host: real,
      ...rest,
    })
  const cluster = `nameserver 10.43.0.10
search shop.svc.cluster.local svc.cluster.local cluster.local lan home
options ndots:5
`
  t.equal(pod({}), cluster)
  t.equal(pod({ dnsPolicy: undefined }), cluster)
  t.equal(pod({ dnsPolicy: 'Default' }), renderResolvConf(real))
  t.equal(pod({ hostNetwork: true }), renderResolvConf(real))
  t.equal(pod({ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }), cluster)
  const dnsConfig = {
    nameservers: ['1.1.1.1', '1.1.1.1'],
    searches: ['a.b'],
    options: [{ name: 'ndots', value: '2' }, { name: 'rotate' }],
  }
  t.equal(
    pod({ dnsPolicy: 'None', dnsConfig }),
    'nameserver 1.1.1.1\nsearch a.b\noptions ndots:2 rotate\n',
  )
  t.match(pod({ dnsConfig }), 'options ndots:2 rotate')
})
