/** Approves and signs nodes' CertificateSigningRequests, and clears old ones. Decides nothing. */
import { isReason } from '#api/status.ts'
import { rfc3339 } from '#api/time.ts'
import type { CertificateSigningRequest } from '#api/types/certificates-v1.ts'
import { messageOf } from '#base/errors.ts'
import { ifThere } from '#client/absence.ts'
import { type Controller, createController, type SyncResult } from '#client/controller.ts'
import { nameOf } from '#client/resource.ts'
import type { CertificateAuthority, ControllerDeps } from '../deps.ts'
import { approval, isDecided, isStale, signerFault, wantsSigning } from './plan.ts'

const WORKERS = 2
const LOOK_AGAIN_MS = 3_600_000

export function createCertificatesController(
  deps: ControllerDeps,
  authority: CertificateAuthority,
): Controller {
  const { client, clock } = deps
  const requests = deps.informers.of('certificateSigningRequests')

  const withCondition = (
    request: CertificateSigningRequest,
    condition: { readonly type: string; readonly reason: string; readonly message: string },
  ): CertificateSigningRequest => {
    const stamp = rfc3339(clock.now())
    const added = { ...condition, status: 'True', lastUpdateTime: stamp, lastTransitionTime: stamp }
    const conditions = [...(request.status?.conditions ?? []), added]
    return { ...request, status: { ...request.status, conditions } }
  }
  const fail = (request: CertificateSigningRequest, why: string, signal: AbortSignal) =>
    client.certificateSigningRequests.updateStatus(
      withCondition(request, { type: 'Failed', reason: 'SignerValidationFailure', message: why }),
      {},
      signal,
    )

  const decide = async (request: CertificateSigningRequest, signal: AbortSignal): Promise<void> => {
    const facts = await authority.inspect(textOf(request.spec.request))
    if (!isDecided(request)) {
      const message = approval(request, facts)
      if (message === undefined) return
      const next = withCondition(request, { type: 'Approved', reason: 'AutoApproved', message })
      await client.certificateSigningRequests.updateSub(nameOf(request), 'approval', next, signal)
      return
    }
    if (!wantsSigning(request)) return
    const fault = signerFault(request, facts)
    if (fault !== undefined) {
      await fail(request, fault, signal)
      return
    }
    const certificate = Buffer.from(await authority.sign(request)).toString('base64')
    const status = { ...request.status, certificate }
    await client.certificateSigningRequests.updateStatus({ ...request, status }, {}, signal)
  }

  const sync = async (key: string, signal: AbortSignal): Promise<SyncResult | undefined> => {
    const request = requests.get(key)
    if (request === undefined) return undefined
    if (isStale(request, clock.now())) {
      await ifThere(client.certificateSigningRequests.delete(nameOf(request), {}, signal))
      return undefined
    }
    const mayAct = !isDecided(request) || wantsSigning(request)
    if (mayAct) {
      try {
        await decide(request, signal)
      } catch (error) {
        const isOurs = isReason(error, 'Conflict', 'NotFound', 'ServiceUnavailable', 'Forbidden')
        if (signal.aborted || isOurs || !wantsSigning(request)) throw error
        await fail(request, messageOf(error), signal)
      }
    }
    return { requeueAfterMs: LOOK_AGAIN_MS }
  }

  const controller = createController({
    name: 'certificates',
    workers: WORKERS,
    needs: [requests],
    sync,
    clock,
    random: deps.random,
    log: deps.log,
  })
  requests.addHandler({
    onAdd: request => controller.enqueue(request.metadata.name ?? ''),
    onUpdate: (_before, after) => controller.enqueue(after.metadata.name ?? ''),
  })
  return controller
}

/** `spec.request` is base64 of PEM. */
const textOf = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8')
