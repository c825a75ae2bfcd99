/**
 * Clears Secrets in kube-system that have outlived their purpose: bootstrap tokens past their expiration, and the
 * passwords of nodes that were deleted (so that a new machine may take the name).
 * Source: kubernetes pkg/controller/bootstrap/tokencleaner.go; k3s pkg/nodepassword
 */
import type { Node, Secret } from '#api/types/core-v1.ts'
import { ifThere } from '#client/absence.ts'
import { type Controller, createController } from '#client/controller.ts'
import { nameOf } from '#client/resource.ts'
import type { ControllerDeps } from '../deps.ts'

const NAMESPACE = 'kube-system'
const TOKEN_TYPE = 'bootstrap.kubernetes.io/token'

/** Milliseconds until a bootstrap token expires: 0 = it has, undefined = it never does. Pure. */
export function expiresInMs(secret: Secret, nowMs: number): number | undefined {
  const encoded = secret.data?.['expiration']
  if (secret.type !== TOKEN_TYPE || encoded === undefined) return undefined
  const expiration = Date.parse(Buffer.from(encoded, 'base64').toString('utf8'))
  // A date nobody can read counts as passed: a token must not live for ever by a slip of the pen.
  return Number.isNaN(expiration) ? 0 : Math.max(0, expiration - nowMs)
}

export function createTokenCleaner(deps: ControllerDeps): Controller {
  const { clock } = deps
  const secrets = deps.informers.of('secrets', {
    namespace: NAMESPACE,
    fieldSelector: `type=${TOKEN_TYPE}`,
  })
  const controller = createController({
    name: 'token-cleaner',
    workers: 1,
    needs: [secrets],
    async sync(key, signal) {
      const secret = secrets.get(key)
      const leftMs = secret === undefined ? undefined : expiresInMs(secret, clock.now())
      if (secret === undefined || leftMs === undefined) return undefined
      if (leftMs > 0) return { requeueAfterMs: Math.min(leftMs, 3_600_000) }
      await remove(deps, nameOf(secret).name, signal)
      return undefined
    },
    clock,
    random: deps.random,
    log: deps.log,
  })
  secrets.addHandler({
    onAdd: secret => controller.enqueue(`${NAMESPACE}/${secret.metadata.name}`),
    onUpdate: (_before, after) => controller.enqueue(`${NAMESPACE}/${after.metadata.name}`),
  })
  return controller
}

const remove = (
  { client }: Pick<ControllerDeps, 'client'>,
  name: string,
  signal: AbortSignal,
): Promise<unknown> => ifThere(client.secrets.delete({ namespace: NAMESPACE, name }, {}, signal))

/** A deletion missed while the server was down leaves the Secret: the refusal of the next join says how to free it. */
export function createNodePasswordCleaner(
  deps: Omit<ControllerDeps, 'config'>,
  secretOf: (nodeName: string) => string,
): Controller {
  const nodes = deps.informers.of('nodes')
  const controller = createController({
    name: 'node-password-cleaner',
    workers: 1,
    needs: [nodes],
    async sync(name, signal) {
      if (nodes.get(name) === undefined) await remove(deps, secretOf(name), signal)
      return undefined
    },
    clock: deps.clock,
    random: deps.random,
    log: deps.log,
  })
  nodes.addHandler({ onDelete: (node: Node) => controller.enqueue(node.metadata.name ?? '') })
  return controller
}
