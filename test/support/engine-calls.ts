/** Requests to a Docker Engine over its socket; bodies are whole. */
import { request } from 'node:http'

export const answers = (socketPath: string): Promise<boolean> =>
  call(socketPath, 'GET', '/_ping').then(
    answer => answer.status === 200,
    () => false,
  )

interface EngineAnswer {
  readonly status: number
  readonly body: string
}

export function call(
  socketPath: string,
  method: string,
  path: string,
  payload?: Buffer,
  contentType = 'application/x-tar',
): Promise<EngineAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        socketPath,
        method,
        path,
        headers:
          payload === undefined
            ? {}
            : { 'content-type': contentType, 'content-length': payload.length },
      },
      answer => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.once('error', reject)
        answer.once('end', () =>
          resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
        )
      },
    )
    outgoing.once('error', reject)
    outgoing.end(payload)
  })
}
