/** Answers HTTP exchanges through the join routes, before the API's own authentication: the seam to `server/http`. */
import type { Exchange } from '../http/exchange.ts'
import type { JoinRoutes } from './join-routes.ts'

/** What the listener's extra routes look like. */
export interface JoinExtraRoute {
  matches(path: string): boolean
  handle(exchange: Exchange): Promise<void>
}

export const joinExtraRoute = (routes: JoinRoutes): JoinExtraRoute => ({
  matches: path => routes.owns(path),
  async handle(exchange) {
    const { status, headers, body } = await routes.handle(
      {
        method: exchange.method,
        path: exchange.path,
        credentials: exchange.credentials,
        remoteAddress: exchange.remoteAddress,
        header: name => exchange.header(name),
        body: limitBytes => exchange.readBody(limitBytes),
      },
      exchange.signal,
    )
    exchange.respond(status, headers, body)
  },
})
