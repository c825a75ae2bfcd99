/** Ports of pods as the pods see them, in real network namespaces: `localhost` there, whatever this host has. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import t from 'tap'
import { PodPorts } from '#agent/api/pod-ports.ts'
import { StatusError } from '#api/status.ts'
import { systemClock } from '#base/clock.ts'
import { insideNewNetns, newNamespace, until } from '#test/support/netns.ts'

/** Greets first, then sends back what it hears. */
const GREETER = `
const [, host, port] = process.argv
require('node:net').createServer(socket => {
  socket.write('hello ')
  socket.pipe(socket)
}).listen(Number(port), host)`

if (insideNewNetns()) {
  const pod = await newNamespace()
  const other = await newNamespace()
  t.teardown(() => {
    pod.end()
    other.end()
  })
  pod.start([process.execPath, '-e', GREETER, '127.0.0.1', '8080'])
  pod.start([process.execPath, '-e', GREETER, '::1', '8081'])
  const listens = (port: string): boolean => pod.run(['ss', '-Hltn']).includes(`:${port} `)
  await until(() => listens('8080') && listens('8081'))
  const ports = new PodPorts(systemClock)
  const sandboxOf = ({ pid }: { pid: number }) => ({ id: `s${pid}`, pid, hostNetwork: false })

  const talk = async (port: number, said: string): Promise<string> => {
    const socket = await ports.connect(sandboxOf(pod), port)
    let heard = ''
    socket.on('data', chunk => (heard += String(chunk)))
    socket.end(said)
    await once(socket, 'close')
    return heard
  }

  void t.test('what listens on localhost alone answers, whoever speaks first', async t => {
    t.equal(await talk(8080, 'one'), 'hello one')
    t.equal(await talk(8081, 'six'), 'hello six', 'IPv6 too')
    const many = await Promise.all(
      Array.from({ length: 20 }, (_, index) => talk(8080, String(index))),
    )
    t.same(
      many,
      many.map((_, index) => `hello ${index}`),
    )
  })

  void t.test('nobody there', async t => {
    const refused = ports.connect(sandboxOf(other), 8080)
    await t.rejects(refused, {
      reason: 'ServiceUnavailable',
      message:
        /failed to connect to localhost:8080 .*dial tcp4 127\.0\.0\.1:8080: connect: connection refused/,
    })
    const gone = await newNamespace()
    gone.end()
    await until(() => {
      try {
        process.kill(gone.pid, 0)
        return false
      } catch {
        return true
      }
    })
    const error: unknown = await ports
      .connect(sandboxOf(gone), 8080)
      .catch((fault: unknown) => fault)
    t.ok(error instanceof StatusError, 'a pod that is gone')
  })

  void t.test('a pod in the host network has the host as localhost', async t => {
    const server = createServer(socket => socket.end('host')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const socket = await ports.connect({ id: 'h', pid: process.pid, hostNetwork: true }, port)
    const heard = once(socket, 'data')
    socket.resume()
    t.equal(String(await heard), 'host')
    server.close()
  })
}
