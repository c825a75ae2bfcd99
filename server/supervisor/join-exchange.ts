/** Answers one HTTP exchange through the join routes: the seam to `server/http`. */
import type { Exchange } from '../http/exchange.ts'
import type { JoinRoutes } from './join-routes.ts'

/** Returns false when the path is none of the join API's. Never throws. */
export function answerJoin(
  routes: JoinRoutes,
  exchange: Pick<
    Exchange,
    'method' | 'path' | 'credentials' | 'signal' | 'header' | 'readBody' | 'respond'
  >,
): boolean {
  if (!routes.owns(exchange.path)) return false
  const request = {
    method: exchange.method,
    path: exchange.path,
    credentials: exchange.credentials,
    header: (name: string) => exchange.header(name),
    body: (limitBytes: number) => exchange.readBody(limitBytes),
  }
  void routes
    .handle(request, exchange.signal)
    .then(({ status, headers, body }) => exchange.respond(status, headers, body))
  return true
}
