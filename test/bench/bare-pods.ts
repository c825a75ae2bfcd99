/**
 * The least that Docker needs for a pod, without Kubernetes: sandbox without the Engine's network, one veth, one container
 * in the sandbox's namespaces, each call as soon as the one before answered. What an agent can at best come near to.
 */
import { Agent, request } from 'node:http'
import { plug, unplug } from '#agent/network/pod-link.ts'
import { runCommand, type RunCommand } from '#netfilter/command.ts'
import { PAUSE_IMAGE } from '../../packaging/pause/image.ts'
import type { DockerHost } from '../support/docker-host.ts'
import { nowMs, OBEDIENT } from './bed.ts'

export class BarePods {
  readonly #host: DockerHost
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 32 })
  readonly #command: RunCommand
  readonly #made: { readonly uid: string; readonly containers: string[] }[] = []
  #count = 0

  constructor(host: DockerHost) {
    this.#host = host
    this.#command = (argv, options) => runCommand(['nsenter', ...host.enter(), ...argv], options)
  }

  /** Milliseconds from nothing to a running container with an address. */
  async start(): Promise<number> {
    const startedMs = nowMs()
    const number = (this.#count += 1)
    const made = { uid: `bare-${number}`, containers: new Array<string>() }
    this.#made.push(made)
    const sandbox = await this.#create({
      Image: PAUSE_IMAGE,
      NetworkDisabled: true,
      HostConfig: { IpcMode: 'shareable', LogConfig: { Type: 'none' } },
    })
    made.containers.push(sandbox)
    await this.#call('POST', `/containers/${sandbox}/start`)
    const { State } = await this.#call<{ State: { Pid: number } }>(
      'GET',
      `/containers/${sandbox}/json`,
    )
    const link = {
      podUID: made.uid,
      pid: State.Pid,
      address: `10.99.${number >> 8}.${number & 255}`,
      mtu: 1500,
    }
    await plug(link, this.#command)
    const shared = `container:${sandbox}`
    const container = await this.#create({
      Image: 'busybox:local',
      Cmd: OBEDIENT,
      HostConfig: { NetworkMode: shared, IpcMode: shared, LogConfig: { Type: 'json-file' } },
    })
    made.containers.push(container)
    await this.#call('POST', `/containers/${container}/start`)
    return nowMs() - startedMs
  }

  async removeAll(): Promise<void> {
    for (const { uid, containers } of this.#made.splice(0)) {
      for (const id of containers.toReversed())
        await this.#call('DELETE', `/containers/${id}?force=1&v=1`)
      await unplug(uid, this.#command)
    }
  }

  close(): void {
    this.#agent.destroy()
  }

  async #create(body: unknown): Promise<string> {
    return (await this.#call<{ Id: string }>('POST', '/containers/create', body)).Id
  }

  /** The cast is the seam to the Engine's JSON. */
  #call<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          socketPath: this.#host.socketPath,
          agent: this.#agent,
          method,
          path,
          headers: { 'content-type': 'application/json' },
        },
        answer => {
          const parts: Buffer[] = []
          answer.on('data', (part: Buffer) => parts.push(part))
          answer.on('end', () => {
            const text = Buffer.concat(parts).toString()
            if ((answer.statusCode ?? 500) >= 300) reject(new Error(`${method} ${path}: ${text}`))
            else resolve((text === '' ? undefined : JSON.parse(text)) as Answer)
          })
        },
      )
      outgoing.on('error', reject)
      outgoing.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }
}
