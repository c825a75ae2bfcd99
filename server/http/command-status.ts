/**
 * How a command ended, as the client's protocol has it: from v4 on the node's Status as JSON; before, nothing for success
 * and the message as text for failure. Pure.
 * Source: k8s.io/kubelet pkg/cri/streaming/remotecommand (v1WriteStatusFunc, v4WriteStatusFunc)
 */
export function shownStatus(status: Buffer, protocol: string): Buffer {
  if (/^v[45]\./.test(protocol)) return status
  const parsed: unknown = JSON.parse(status.toString('utf8'))
  const isFailure =
    typeof parsed === 'object' &&
    parsed !== null &&
    'status' in parsed &&
    parsed.status !== 'Success'
  if (!isFailure) return Buffer.alloc(0)
  return Buffer.from('message' in parsed ? String(parsed.message) : 'command failed')
}
