/** Sends a node's streamed answer on to a client, at the client's pace. */
import type { NodeResponse } from '#client/node-api.ts'
import type { Exchange } from './exchange.ts'

/** Resolves when the stream ended or the client went away; the node's stream is destroyed either way. */
export async function pipeNodeResponse(
  exchange: Exchange,
  response: NodeResponse,
  fallbackType: string,
): Promise<void> {
  const { body } = response
  const stop = (): void => {
    body.destroy()
  }
  exchange.signal.addEventListener('abort', stop, { once: true })
  // Who left meanwhile is never heard of again.
  if (exchange.signal.aborted) return stop()
  const type = response.headers['content-type'] ?? fallbackType
  const writer = exchange.stream(response.status, { 'content-type': type })
  try {
    for await (const chunk of body) {
      if (writer.gone) return
      if (!writer.write(Buffer.from(chunk))) await writer.drained()
    }
    writer.end()
  } catch (error) {
    writer.destroy()
    if (!exchange.signal.aborted) throw error
  } finally {
    exchange.signal.removeEventListener('abort', stop)
    body.destroy()
  }
}
