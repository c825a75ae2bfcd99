/** What proxies keep, drop and rewrite, without a connection. */
import t from 'tap'
import { answerHeaders, requestHeaders, rewritten, splitPath } from '#server/http/forwarded.ts'
import { rewriteLinks } from '#server/http/html-links.ts'

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
  }
  const exchange = {
    header: (name: string) => sent[name],
    headerNames: () => Object.keys(sent),
    remoteAddress: '10.0.0.1',
  }
  t.same(requestHeaders(exchange, { prefix: '/p', path: '/a' }), {
    cookie: 'a=b',
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
  for (const unit of ['<!--', '<a "', `<a "'`, '<script', '<script>', '<a href=', '< ', 'a = '])
    for (const start of ['', '<a ']) {
      const page = start + unit.repeat(Math.floor(256_000 / unit.length))
      const began = performance.now()
      t.equal(rewriteLinks(page, seen).length >= page.length, true)
      t.ok(performance.now() - began < 200, `${start}${unit}`)
    }
})
