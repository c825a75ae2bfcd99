/** What proxies keep, drop and rewrite, without a connection. */
import t from 'tap'
import { answerHeaders, requestHeaders, rewritten, splitPath } from '#server/http/forwarded.ts'
import { rewriteLinks } from '#server/http/html-links.ts'
import { isProxyable } from '#server/registry/subresources/proxy.ts'

void t.test('paths are cut behind the resource, escapes and all', async t => {
  for (const [path, count, prefix, rest] of [
    ['/api/v1/nodes/n/proxy', 0, '/api/v1/nodes/n/proxy', ''],
    ['/api/v1/nodes/n/proxy/', 0, '/api/v1/nodes/n/proxy', '/'],
    ['/api/v1/nodes/n/proxy/a%2Fb/c/', 2, '/api/v1/nodes/n/proxy', '/a%2Fb/c/'],
    ['/api/v1/nodes/n/proxy//a//b', 2, '/api/v1/nodes/n/proxy', '//a//b'],
  ] as const)
    t.same(splitPath(path, count), { prefix, path: rest })
})

void t.test('headers', async t => {
  const sent: Readonly<Record<string, string>> = {
    ':authority': 'api',
    authorization: 'Bearer x',
    'impersonate-user': 'root',
    'x-remote-user': 'root',
    connection: 'close, X-Hop',
    'x-hop': '1',
    'keep-alive': '5',
    cookie: 'a=b',
    'sec-websocket-protocol': 'base64url.bearer.authorization.k8s.io.c2VjcmV0, chat',
  }
  const exchange = {
    header: (name: string) => sent[name],
    headerNames: () => Object.keys(sent),
    remoteAddress: '10.0.0.1',
  }
  t.same(requestHeaders(exchange, { prefix: '/p', path: '/a' }), {
    cookie: 'a=b',
    'sec-websocket-protocol': 'chat',
    host: 'api',
    'x-forwarded-for': '10.0.0.1',
    'x-forwarded-uri': '/p/a',
  })
  const received = {
    connection: 'x-hop',
    'x-hop': '1',
    'access-control-allow-origin': '*',
    'set-cookie': ['a=1', 'b=2'],
    location: '//pod:80/x',
  }
  t.same(answerHeaders(received, { prefix: '/p', hosts: ['pod:80'] }), {
    'set-cookie': ['a=1', 'b=2'],
    location: '/p/x',
  })
})

void t.test('locations', async t => {
  const source = { prefix: '/p', hosts: ['pod:80', 'api'] }
  for (const [location, expected] of [
    ['/x', '/p/x'],
    ['/p/x', '/p/x'],
    ['/px', '/p/px'],
    ['x', 'x'],
    ['?q', '?q'],
    ['http://pod:80/x?q#f', '/p/x?q#f'],
    ['HTTPS://api', '/p/'],
    ['http://other/x', 'http://other/x'],
    ['mailto:a@b', 'mailto:a@b'],
  ] as const)
    t.equal(rewritten(location, source), expected, location)
})

void t.test('hostile pages take no longer than others', async t => {
  const seen = (link: string): string => `!${link}`
  t.equal(rewriteLinks('<!-- <a href=x> <a href=y>', seen), '<!-- <a href=x> <a href=y>')
  t.equal(rewriteLinks('<script><a href=x>', seen), '<script><a href=x>')
  t.equal(rewriteLinks('<a href="x', seen), '<a href="x')
  t.equal(rewriteLinks('<constructor a=b>', seen), '<constructor a=b>')
  for (const unit of [
    '<!--',
    '<a "',
    `<a "'`,
    '<script',
    '<script>',
    '<a href=',
    '< ',
    'a = ',
    'a',
  ])
    for (const start of ['', '<', '<a ']) {
      const page = start + unit.repeat(Math.floor(256_000 / unit.length))
      const began = performance.now()
      t.equal(rewriteLinks(page, seen).length >= page.length, true)
      t.ok(performance.now() - began < 200, `${start}${unit}`)
    }
})

void t.test('addresses that are proxied to, however they are spelled', async t => {
  for (const address of ['10.42.0.7', '203.0.113.9', 'fd00::7', '2001:db8::1'])
    t.equal(isProxyable(address), true, address)
  for (const address of [
    '',
    'localhost',
    '127.0.0.1',
    '127.255.0.1',
    '0.0.0.0',
    '0.1.2.3',
    '169.254.169.254',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '0:0:0:0:0:0:0:1',
    '::7f00:1',
    '::ffff:127.0.0.1',
    '0:0:0:0:0:ffff:7f00:1',
    '::ffff:169.254.169.254',
    'fe80::1',
    'fe80::1%eth0',
    'FD00::7%lo',
    'ff02::1',
  ])
    t.equal(isProxyable(address), false, address)
})
