/** The HTTPS transport against a real TLS server with both protocols, made to misbehave. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import type { WatchEvent } from '#api/object.ts'
import { notFound } from '#api/status.ts'
import { createHttpTransport, type HttpTransport } from '#client/http-transport.ts'
import { manualClock } from '../unit/client/manual-clock.ts'

type Answer = (request: Http2ServerRequest, response: Http2ServerResponse) => void

/** What a refused promise refused with, without its stack. */
async function refusal(asked: Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await asked
  } catch (error) {
    if (error instanceof Error)
      return { ...Object.fromEntries(Object.entries(error)), message: error.message }
  }
  throw new Error('nothing was refused')
}

interface Peer {
  readonly port: number
  readonly ca: string
  answer: Answer
  readonly sockets: Set<Socket>
  readonly seen: string[]
  close(): Promise<void>
}

async function startPeer(directory: string): Promise<Peer> {
  const key = join(directory, 'key.pem')
  const cert = join(directory, 'cert.pem')
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
  execFileSync(
    'openssl',
    ['req', '-x509', ...curve, '-nodes', '-keyout', key, '-out', cert, ...subject],
    {
      stdio: 'ignore',
    },
  )
  const options = { key: readFileSync(key), cert: readFileSync(cert), allowHTTP1: true }
  const server: Http2SecureServer = createSecureServer(options)
  const sockets = new Set<Socket>()
  server.on('secureConnection', socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  const peer = {
    port: 0,
    ca: readFileSync(cert, 'utf8'),
    answer: ((_request, response) => response.end('{}')) as Answer,
    sockets,
    seen: [] as string[],
    close: () =>
      new Promise<void>(resolve => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
  server.on('request', (request, response) => {
    peer.seen.push(`${request.httpVersion} ${request.method} ${request.url}`)
    peer.answer(request, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    ...peer,
    port: (server.address() as AddressInfo).port,
    get answer() {
      return peer.answer
    },
    set answer(next) {
      peer.answer = next
    },
  }
}

void t.test('the HTTPS transport', async t => {
  const peer = await startPeer(t.testdir())
  const server = `https://127.0.0.1:${peer.port}`
  const transport: HttpTransport = createHttpTransport({
    server,
    tls: { ca: [peer.ca] },
    userAgent: 'kites-test',
    getBearer: () => 'secret',
    timeoutMs: 1_000,
  })
  t.teardown(async () => {
    await transport.close()
    await peer.close()
  })
  const get = { method: 'GET', path: '/api/v1/namespaces/default/pods/web' } as const

  await t.test('sends what is asked and decodes the answer', async t => {
    const bodies: string[] = []
    peer.answer = async (request, response) => {
      for await (const chunk of request) bodies.push(String(chunk))
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ kind: 'Pod', headers: request.headers }))
    }
    const answer = await transport.request({
      method: 'PATCH',
      path: '/api/v1/x',
      query: { fieldManager: 'a b' },
      body: { metadata: { name: 'é' } },
      contentType: 'application/merge-patch+json',
    })
    t.equal(answer.kind, 'Pod')
    t.match(answer['headers'], {
      authorization: 'Bearer secret',
      'user-agent': 'kites-test',
      'content-type': 'application/merge-patch+json',
    })
    t.same(bodies, ['{"metadata":{"name":"é"}}'])
    t.equal(peer.seen.at(-1), '1.1 PATCH /api/v1/x?fieldManager=a+b')
  })

  await t.test('throws the very StatusError the server threw', async t => {
    peer.answer = (_request, response) => {
      response.statusCode = 404
      response.end(
        JSON.stringify(notFound({ group: '', resource: 'pods', name: 'web' }).toStatus()),
      )
    }
    t.match(await refusal(transport.request(get)), {
      reason: 'NotFound',
      code: 404,
      message: 'pods "web" not found',
      details: { name: 'web', kind: 'pods' },
    })
  })

  await t.test('makes an error of an answer that is no Status', async t => {
    peer.answer = (_request, response) => {
      response.statusCode = 502
      response.end('<html>bad gateway</html>')
    }
    t.match(await refusal(transport.request(get)), { reason: 'ServiceUnavailable' })
  })

  await t.test('says when the server stays silent', async t => {
    peer.answer = () => {}
    t.match(await refusal(transport.request(get)), { reason: 'Timeout' })
  })

  await t.test('throws the abort reason', async t => {
    peer.answer = () => {}
    const abort = new AbortController()
    const asked = transport.request(get, abort.signal)
    abort.abort(new Error('enough'))
    t.match(await refusal(asked), { message: 'enough' })
  })

  await t.test('says which server cannot be reached', async t => {
    const lost = createHttpTransport({
      server: 'https://127.0.0.1:1',
      tls: { ca: [peer.ca] },
      userAgent: 'x',
    })
    t.teardown(() => lost.close())
    t.match(await refusal(lost.request(get)), {
      reason: 'ServiceUnavailable',
      message: /^cannot reach https:\/\/127.0.0.1:1: /,
    })
    t.match(await refusal(lost.watch(get, () => {}, new AbortController().signal)), {
      reason: 'ServiceUnavailable',
    })
  })

  await t.test('refuses a server whose certificate it does not trust', async t => {
    const wary = createHttpTransport({ server, tls: { ca: [] }, userAgent: 'x' })
    t.teardown(() => wary.close())
    t.match(await refusal(wary.request(get)), {
      reason: 'ServiceUnavailable',
      message: /self-signed/,
    })
    t.match(await refusal(wary.watch(get, () => {}, new AbortController().signal)), {
      reason: 'ServiceUnavailable',
    })
  })

  const event = (name: string): string =>
    `${JSON.stringify({ type: 'ADDED', object: { kind: 'Pod', metadata: { name } } })}\n`
  const watchNames = async (signal = new AbortController().signal): Promise<readonly string[]> => {
    const names: string[] = []
    const note = ({ object }: WatchEvent): void => void names.push(object.metadata.name ?? '')
    await transport.watch({ method: 'GET', path: '/api/v1/pods' }, note, signal)
    return names
  }

  await t.test('reads a watch cut anywhere, over HTTP/2', async t => {
    const bytes = Buffer.from(event('é') + event('b'.repeat(200_000)) + event('c'))
    peer.answer = (_request, response) => {
      response.write(bytes.subarray(0, 45))
      setImmediate(() => {
        for (let at = 45; at < bytes.length; at += 33_333)
          response.write(bytes.subarray(at, at + 33_333))
        response.end()
      })
    }
    const names = await watchNames()
    t.same(
      names.map(name => name.length),
      [1, 200_000, 1],
    )
    t.equal(peer.seen.at(-1), '2.0 GET /api/v1/pods?watch=true')
  })

  await t.test('carries many watches on one connection', async t => {
    const waiting: Http2ServerResponse[] = []
    peer.answer = (_request, response) => {
      response.write(event('x'))
      waiting.push(response)
      if (waiting.length === 50) for (const one of waiting) one.end()
    }
    const before = peer.sockets.size
    const all = await Promise.all(Array.from({ length: 50 }, () => watchNames()))
    t.ok(all.every(names => names.length === 1))
    t.ok(peer.sockets.size <= before + 1)
  })

  await t.test('throws what an ERROR event says', async t => {
    peer.answer = (_request, response) => {
      const object = { kind: 'Status', reason: 'Expired', code: 410, message: 'too old' }
      response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`)
    }
    t.match(await refusal(watchNames()), { reason: 'Expired', message: 'too old' })
  })

  await t.test('throws the refusal of a watch', async t => {
    peer.answer = (_request, response) => {
      response.statusCode = 403
      response.end(
        JSON.stringify({ kind: 'Status', reason: 'Forbidden', message: 'no', code: 403 }),
      )
    }
    t.match(await refusal(watchNames()), { reason: 'Forbidden', message: 'no' })
  })

  await t.test('ends quietly when the signal aborts', async t => {
    const abort = new AbortController()
    peer.answer = (_request, response) => {
      response.write(event('x'))
      setImmediate(() => abort.abort())
    }
    t.ok((await watchNames(abort.signal)).length <= 1)
  })

  await t.test('throws when the connection breaks', async t => {
    peer.answer = (_request, response) => {
      response.write(event('x'))
      setImmediate(() => {
        for (const socket of peer.sockets) socket.destroy()
      })
    }
    t.match(await refusal(watchNames()), { reason: 'ServiceUnavailable' })
  })

  await t.test('goes on with new material while old watches end on the old connection', async t => {
    const seen: Promise<void>[] = []
    peer.answer = (_request, response) => {
      response.write(event('x'))
      transport.replaceTls({ ca: [peer.ca] })
      peer.answer = (_again, other) => other.end(event('y'))
      const next = async (): Promise<void> => {
        t.same(await watchNames(), ['y'])
        response.end()
      }
      seen.push(next())
    }
    t.same(await watchNames(), ['x'])
    await Promise.all(seen)
  })

  await t.test('streams an answer that is not JSON', async t => {
    peer.answer = (_request, response) => {
      response.write('line 1\n')
      setImmediate(() => response.end('line 2\n'))
    }
    const answer = await transport.stream({ method: 'GET', path: '/log' })
    const text: string[] = []
    for await (const chunk of answer.body) text.push(String(chunk))
    t.equal(text.join(''), 'line 1\nline 2\n')
    peer.answer = (_request, response) => {
      response.statusCode = 404
      response.end('nothing')
    }
    t.match(await refusal(transport.stream({ method: 'GET', path: '/log' })), {
      reason: 'NotFound',
    })
  })

  await t.test('finds a connection that is half dead', async t => {
    peer.answer = (_request, response) => void response.write(event('x'))
    let isFrozen = false
    const proxy = createServer(near => {
      const far = connect(peer.port, '127.0.0.1')
      near.on('data', chunk => isFrozen || far.write(chunk))
      far.on('data', chunk => isFrozen || near.write(chunk))
      near.on('close', () => far.destroy())
      near.on('error', () => {})
      far.on('error', () => {})
    })
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
    const clock = manualClock()
    const { port } = proxy.address() as AddressInfo
    const frozen = createHttpTransport({
      server: `https://127.0.0.1:${port}`,
      tls: { ca: [peer.ca] },
      userAgent: 'x',
      clock,
    })
    t.teardown(async () => {
      await frozen.close()
      proxy.close()
    })
    const begun = Promise.withResolvers<void>()
    const never = new AbortController().signal
    const watching = frozen.watch({ method: 'GET', path: '/x' }, () => begun.resolve(), never)
    await begun.promise
    isFrozen = true
    const refused = refusal(watching)
    await clock.advance(31_000)
    t.match(await refused, { reason: 'ServiceUnavailable', message: /no answer to a ping/ })
  })
})
